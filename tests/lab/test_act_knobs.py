"""Every knob of a cgroup in a real kernel: set, seen in its own file, undone, and there byte for byte."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from acting import action
from guest_workloads import MIB, anon_bytes, directory, holding, knob, reclaim

from llamas_bpf import machine
from llamas_bpf.act import Actuation
from llamas_bpf.contracts.action import CgroupKnob, CgroupKnobName, SystemKnob
from llamas_bpf.contracts.workload import Launched

pytest_plugins = ("acting_in_guest",)

#: What is written, and what the kernel makes of it where that is another text.
KNOBS: dict[CgroupKnobName, list[str | tuple[str, str]]] = {
    "cpu.weight": ["1", "300", "10000"],
    "cpu.max": [("50000", "50000 100000"), "150000 50000", ("max", "max 50000")],
    "cpu.uclamp.min": [("25", "25.00"), "12.50", ("100", "max")],
    "cpu.uclamp.max": [("75", "75.00"), "0.00"],
    "cpuset.cpus": ["0", "1", ("1,0", "0-1")],
    "cpuset.mems": ["0", "2", "0,2"],
    "memory.high": [str(64 * MIB), (str(32 * MIB + 5), str(32 * MIB)), "max"],
    "memory.low": [str(4 * MIB), (str(8 * MIB - 1), str(8 * MIB - 4096)), "max"],
    "memory.swap.max": [str(64 * MIB), "0", (str(MIB + 1), str(MIB))],
    "memory.zswap.max": [str(64 * MIB), "0", (str(MIB + 1), str(MIB))],
}
LACKED: dict[CgroupKnobName, str] = {
    "cpu.uclamp.min": "uclamp",
    "cpu.uclamp.max": "uclamp",
    "memory.zswap.max": "zswap",
}


def settings(workload: Launched) -> dict[str, bytes]:
    """Every knob that this kernel has, byte for byte."""
    files = [directory(workload) / name for name in KNOBS]
    return {file.name: file.read_bytes() for file in files if file.exists()}


def needing(name: str) -> Any:
    wants = ["node2", *([LACKED[name]] if name in LACKED else [])]
    return pytest.param(name, marks=pytest.mark.needs(*wants))


@pytest.mark.parametrize("name", [needing(name) for name in KNOBS])
def test_a_cgroups_knob(held: Launched, actuation: Actuation, name: CgroupKnobName) -> None:
    before = settings(held)
    for number, case in enumerate(KNOBS[name]):
        value, seen = case if isinstance(case, tuple) else (case, case)
        (done,) = actuation.apply([action(knob(held, name), value, id_=f"{number}.1")])
        assert done.status == "applied", done.detail
        assert (directory(held) / name).read_text() == f"{seen}\n"
        (again,) = actuation.apply([action(knob(held, name), value, id_=f"{number}.2")])
        assert again.status == "unchanged"
    (restored,) = actuation.restore_all("end")
    assert restored.skipped is None
    assert settings(held) == before


@pytest.mark.parametrize("name", list(LACKED))
def test_a_knob_that_this_kernel_lacks_is_named(
    held: Launched, actuation: Actuation, name: CgroupKnobName
) -> None:
    before, there = settings(held), (directory(held) / name).exists()
    (done,) = actuation.apply([action(knob(held, name), "1")])
    assert done.status == ("failed" if not there else "applied")
    assert there or f"{name}: this kernel was built without CONFIG_" in done.detail
    actuation.restore_all("end")
    assert settings(held) == before


@pytest.mark.needs("node2")
def test_a_cpuset_that_cannot_be_made_empty_again_is_given_everything(actuation: Actuation) -> None:
    """As in a cgroup that ``exec`` did not make, while processes are in it."""
    cgroup = Path("/sys/fs/cgroup/others")
    cgroup.mkdir()
    try:
        with subprocess.Popen(["sleep", "600"]) as process:
            (cgroup / "cgroup.procs").write_text(str(process.pid))
            number = cgroup.stat().st_ino
            for name, value in (("cpuset.cpus", "0"), ("cpuset.mems", "2")):
                assert (cgroup / name).read_text() == "\n"
                before = (cgroup / f"{name}.effective").read_bytes()
                target = CgroupKnob.model_validate({"cgroup": "/others", "cgroup_id": number, "knob": name})
                assert actuation.apply([action(target, value)])[0].status == "applied"
                assert (cgroup / f"{name}.effective").read_text() == f"{value}\n"
                (restored,) = actuation.restore_all("end")
                assert restored.skipped is None
                assert (cgroup / name).read_text() == f"{restored.value}\n"
                assert (cgroup / f"{name}.effective").read_bytes() == before
            process.kill()
    finally:
        cgroup.rmdir()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpuset.cpus", "4000"),
        ("cpuset.mems", "7"),
        ("cpu.weight", "20000"),
        ("memory.high", "-1"),
        ("cpu.max", "5"),
    ],
)
def test_what_the_kernel_refuses_changes_nothing(
    held: Launched, actuation: Actuation, name: CgroupKnobName, value: str
) -> None:
    before = (directory(held) / name).read_bytes()
    (done,) = actuation.apply([action(knob(held, name), value)])
    assert done.status == "failed"
    assert name in done.detail
    assert (directory(held) / name).read_bytes() == before
    assert actuation.in_force() == ()


@pytest.mark.needs("node2")
def test_pages_follow_cpuset_mems(actuation: Actuation) -> None:
    with holding(48, "moved") as workload:
        before = (directory(workload) / "cpuset.mems").read_bytes()
        assert sum(anon_bytes(workload).values()) >= 48 * MIB
        for number, node in enumerate((2, 0)):
            (done,) = actuation.apply([action(knob(workload, "cpuset.mems"), str(node), id_=f"{number}.1")])
            assert done.status == "applied", done.detail
            sizes = anon_bytes(workload)
            assert sizes[f"N{node}"] >= 48 * MIB
            assert sum(sizes.values()) - sizes[f"N{node}"] < 4 * MIB
        actuation.restore_all("end")
        assert (directory(workload) / "cpuset.mems").read_bytes() == before


@pytest.mark.needs("demotion", "lower memory tier")
def test_reclaim_demotes(actuation: Actuation) -> None:
    demotion = action(SystemKnob(knob="numa.demotion_enabled"), "true", workload=None)
    assert actuation.apply([demotion])[0].status in ("applied", "unchanged")
    with holding(64, "cold") as workload:
        before = anon_bytes(workload)
        (done,) = actuation.apply([action(reclaim(workload), str(40 * MIB), id_="2.1")])
        assert done.status == "applied", done.detail
        after = anon_bytes(workload)
        # A second is the most that it may take: under emulation that is one batch of 32 MiB at least.
        assert after["N2"] - before["N2"] >= 16 * MIB
        assert sum(after.values()) >= 60 * MIB
        assert [one.action.id for one in actuation.in_force() if one.action.id == "2.1"] == []


@pytest.mark.needs("demotion")
def test_reclaim_without_anywhere_to_go_is_no_failure(actuation: Actuation, held: Launched) -> None:
    """No swap, no demotion: the kernel answers EAGAIN, with nothing given back, or a few pages of files."""
    off = action(SystemKnob(knob="numa.demotion_enabled"), "false", workload=None)
    assert actuation.apply([off])[0].status in ("applied", "unchanged")
    (done,) = actuation.apply([action(reclaim(held), str(400 * MIB), id_="2.1")])
    # What gives nothing back is no action; what is one must have given something back.
    assert done.status == "unchanged" or int(done.new or done.old or 0) < int(done.old or 0), done


def test_a_cap_of_memory_is_held(actuation: Actuation) -> None:
    with holding(8, "capped") as workload:
        limit = 32 * MIB
        (done,) = actuation.apply([action(knob(workload, "memory.high"), str(limit))])
        assert done.new == str(limit)
        actuation.restore_all("end")
        assert (directory(workload) / "memory.high").read_text() == "max\n"


def test_a_cgroup_of_the_same_name_is_another(actuation: Actuation) -> None:
    with holding(1, "again") as first:
        meant = knob(first, "cpu.weight")
        assert actuation.apply([action(meant, "50")])[0].status == "applied"
    with holding(1, "again") as second:
        assert second.cgroup == first.cgroup
        assert second.cgroup_id != first.cgroup_id
        (done,) = actuation.apply([action(meant, "60", id_="2.1")])
        (restored,) = actuation.restore_all("end")
        for sentence in (done.detail, restored.skipped or ""):
            assert "another one of the same name" in sentence
        assert (directory(second) / "cpu.weight").read_text() == "100\n"


def test_no_way_leads_out_of_the_cgroup(actuation: Actuation, held: Launched) -> None:
    """Even with the id of a real cgroup at its end."""
    other = Path("/sys/fs/cgroup/elsewhere")
    other.mkdir()
    try:
        before = (other / "cpu.weight").read_bytes()
        for path in (f"{held.cgroup}/../../elsewhere", "/../cgroup/elsewhere", "/./elsewhere"):
            target = CgroupKnob(cgroup=path, cgroup_id=other.stat().st_ino, knob="cpu.weight")
            assert actuation.apply([action(target, "50")])[0].status == "failed"
        assert (other / "cpu.weight").read_bytes() == before
    finally:
        other.rmdir()


def test_a_dry_run_writes_nothing(held: Launched) -> None:
    before = settings(held)
    dry = Actuation(machine.read(), None, dry_run=True)
    for name, values in KNOBS.items():
        value = values[0] if isinstance(values[0], str) else values[0][0]
        (done,) = dry.apply([action(knob(held, name), value)])
        assert done.status == ("dry_run" if name in before else "failed"), done.detail
    assert settings(held) == before
