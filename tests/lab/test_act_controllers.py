"""A knob whose controller is not enabled down to its cgroup: enabled for it, and taken back after it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action
from guest_workloads import MOUNT

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import CgroupKnob, CgroupKnobName

pytest_plugins = ("acting_in_guest",)

OUTER, INNER, OTHER = (MOUNT / path for path in ("outer", "outer/inner", "outer/other"))
CONTROL = "cgroup.subtree_control"


@pytest.fixture(autouse=True)
def cgroups() -> Iterator[None]:
    """``/outer`` hands on nothing; a process runs in ``/outer/inner``."""
    for path in (OUTER, INNER, OTHER):
        path.mkdir()
    with subprocess.Popen(["sleep", "600"]) as process:
        (INNER / "cgroup.procs").write_text(str(process.pid))
        yield
        process.kill()
        process.wait()
        while "populated 1" in (INNER / "cgroup.events").read_text():
            pass
        for path in (INNER, OTHER, OUTER):
            path.rmdir()


def knob(name: CgroupKnobName, path: Path = INNER) -> CgroupKnob:
    cgroup = "/" + str(path.relative_to(MOUNT))
    return CgroupKnob(cgroup=cgroup, cgroup_id=path.stat().st_ino, knob=name)


def control(path: Path = OUTER) -> str:
    return (path / CONTROL).read_text().strip()


@pytest.mark.parametrize(
    ("name", "value", "old"),
    [("cpu.weight", "300", "100"), ("cpuset.cpus", "1", ""), ("memory.low", "4096", "0")],
)
def test_it_is_enabled_and_disabled_again(
    actuation: Actuation, name: CgroupKnobName, value: str, old: str
) -> None:
    assert not (INNER / name).exists()
    (done,) = actuation.apply([action(knob(name), value, id_="17.1")])
    assert (done.status, done.old) == ("applied", old), done.detail
    assert done.detail == f"controller {name.partition('.')[0]} below /outer enabled for it"
    assert (INNER / name).read_text() == f"{value}\n"
    restored = actuation.undo("17.1", "enough")
    assert [(one.action_id, one.skipped) for one in restored] == [("17.1", None), ("17.1.1", None)]
    assert control() == ""
    assert not (INNER / name).exists()
    assert actuation.in_force() == ()


def test_from_the_root_on_where_it_hands_on_none(actuation: Actuation) -> None:
    before = control(MOUNT)
    (MOUNT / CONTROL).write_text("-cpu")
    try:
        (done,) = actuation.apply([action(knob("cpu.weight"), "300")])
        assert done.status == "applied", done.detail
        assert (INNER / "cpu.weight").read_text() == "300\n"
        assert ["cpu" in control(path).split() for path in (MOUNT, OUTER)] == [True, True]
        assert [one.skipped for one in actuation.restore_all("end")] == [None, None, None]
        assert ["cpu" in control(path).split() for path in (MOUNT, OUTER)] == [False, False]
    finally:
        (MOUNT / CONTROL).write_text("+cpu")
    assert set(control(MOUNT).split()) == set(before.split())


def test_it_stays_as_long_as_one_of_ours_needs_it(actuation: Actuation) -> None:
    wanted = [
        action(knob("cpu.weight"), "300", id_="17.1", ttl_s=10),
        action(knob("cpu.weight", OTHER), "50", id_="18.1", ttl_s=90),
    ]
    first, second = actuation.apply(wanted)
    assert (first.status, second.status) == ("applied", "applied"), second.detail
    (restored,) = actuation.expire(first.at_ns + 20_000_000_000)
    assert restored.action_id == "17.1"
    assert control() == "cpu"
    assert actuation.expire(first.at_ns + 30_000_000_000) == []
    assert [one.action_id for one in actuation.undo("18", "enough")] == ["18.1", "17.1.1"]
    assert control() == ""


@pytest.mark.parametrize("use", ["a setting", "handing it on"])
def test_it_is_left_to_those_who_rely_on_it_by_then(actuation: Actuation, use: str) -> None:
    assert actuation.apply([action(knob("memory.low"), "4096")])[0].status == "applied"
    file, value = ("memory.high", "8192") if use == "a setting" else (CONTROL, "+memory")
    (OTHER / file).write_text(value)
    knobs, controller = actuation.restore_all("end")
    assert knobs.skipped is None
    assert controller.skipped == "/outer/other has come to rely on it since: it is left enabled"
    assert control() == "memory"
    assert (INNER / "memory.low").read_text() == "0\n"


def test_one_that_was_there_before_stays(actuation: Actuation) -> None:
    (OUTER / CONTROL).write_text("+cpu")
    assert actuation.apply([action(knob("cpu.weight"), "300")])[0].status == "applied"
    assert [one.action_id for one in actuation.restore_all("end")] == ["1.1"]
    assert control() == "cpu"


def test_nothing_stays_of_it_if_the_knob_refuses(actuation: Actuation) -> None:
    (done,) = actuation.apply([action(knob("cpuset.cpus"), "4000")])
    assert done.status == "failed"
    assert "cpuset.cpus" in done.detail
    assert control() == ""
    assert actuation.in_force() == ()


def test_a_cgroup_with_processes_of_its_own_hands_on_nothing(actuation: Actuation) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        (OUTER / "cgroup.procs").write_text(str(process.pid))
        (done,) = actuation.apply([action(knob("memory.low"), "4096")])
        assert done.status == "failed"
        assert "controller memory below /outer cannot be enabled: it has processes of its own" in done.detail
        assert actuation.in_force() == ()
        process.kill()


def test_a_dry_run_enables_nothing() -> None:
    (done,) = Actuation(machine.read(), None, dry_run=True).apply([action(knob("cpu.weight"), "300")])
    assert (done.status, control()) == ("dry_run", "")
    assert "would write on to controller cpu below /outer (off)" in done.detail
    assert "would write 300 to /outer/inner cpu.weight (100)" in done.detail


def test_a_crash_is_undone_from_the_journal(tmp_path: Path) -> None:
    from llamas_bpf.act import rollback

    state = tmp_path / "state"
    lost = Actuation(machine.read(), Journal(state), dry_run=False)
    assert lost.apply([action(knob("cpuset.mems"), "0")])[0].status == "applied"
    assert [one.skipped for one in rollback(state, machine.read())] == [None, None]
    assert control() == ""
