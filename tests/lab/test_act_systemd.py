"""Units of the systemd that is process 1 here: set, seen by it and by the kernel, and unset again."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from acting import action
from guest_workloads import MIB, MOUNT

from llamas_bpf.act import Actuation
from llamas_bpf.contracts.action import Applied, CgroupKnob, CgroupKnobName

pytest_plugins = ("acting_in_guest",)

pytestmark = pytest.mark.needs("systemd")

UNIT, SLICE = "llamas-probe.service", "llamasprobe.slice"
CGROUP = f"/{SLICE}/{UNIT}"
PLACE = MOUNT / CGROUP.strip("/")
#: A unit that outlives its cgroups has a file; what is set at run time lies beside it.
FILE, KEPT = Path("/run/systemd/system", UNIT), Path("/run/systemd/system.control", f"{UNIT}.d")
PROPERTIES = [
    *("CPUWeight", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "AllowedCPUs", "AllowedMemoryNodes"),
    *("MemoryHigh", "MemoryLow", "MemorySwapMax", "MemoryZSwapMax"),
]
#: Value, and what systemd then says of itself.
KNOBS: dict[CgroupKnobName, tuple[str, str]] = {
    "cpu.weight": ("300", "CPUWeight=300"),
    "cpu.max": ("20000 50000", "CPUQuotaPerSecUSec=400ms"),
    "cpuset.cpus": ("1", "AllowedCPUs=1"),
    "cpuset.mems": ("0", "AllowedMemoryNodes=0"),
    "memory.high": (str(48 * MIB), f"MemoryHigh={48 * MIB}"),
    "memory.low": (str(MIB), f"MemoryLow={MIB}"),
    "memory.swap.max": (str(2 * MIB), f"MemorySwapMax={2 * MIB}"),
    "memory.zswap.max": (str(3 * MIB), f"MemoryZSwapMax={3 * MIB}"),
}
OWN = [
    *("CPUWeight=50", "CPUQuota=30%", "AllowedCPUs=0-1", "AllowedMemoryNodes=0-1", "MemoryHigh=64M"),
    *("MemoryLow=8M", "MemorySwapMax=16M", "MemoryZSwapMax=16M"),
]


@contextmanager
def unit(*properties: str) -> Iterator[None]:
    """A service with these settings, in a slice of its own, where no other wants any controller."""
    words = [word for one in properties for word in ("-p", one)]
    run("systemd-run", "--unit", UNIT, "--slice", SLICE, *words, "sleep", "600")
    try:
        yield
    finally:
        run("systemctl", "stop", UNIT, SLICE)


@contextmanager
def lasting(*settings: str) -> Iterator[None]:
    """The same as a unit with a file, which can be restarted."""
    define(*settings)
    run("systemctl", "start", UNIT)
    try:
        yield
    finally:
        run("systemctl", "stop", UNIT, SLICE)
        FILE.unlink()
        shutil.rmtree(KEPT, ignore_errors=True)
        run("systemctl", "daemon-reload")


def define(*settings: str) -> None:
    FILE.write_text("\n".join(["[Service]", "ExecStart=/usr/bin/sleep 600", f"Slice={SLICE}", *settings, ""]))
    run("systemctl", "daemon-reload")


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def shown() -> list[str]:
    return run("systemctl", "show", UNIT, "-p", ",".join(PROPERTIES)).split()


def files() -> dict[str, bytes]:
    return {name: (PLACE / name).read_bytes() for name in KNOBS if (PLACE / name).exists()}


def knob(name: CgroupKnobName, cgroup: str = CGROUP) -> CgroupKnob:
    number = (MOUNT / cgroup.strip("/")).stat().st_ino
    return CgroupKnob(cgroup=cgroup, cgroup_id=number, knob=name)


def needing(name: CgroupKnobName) -> object:
    return pytest.param(name, marks=pytest.mark.needs("zswap") if "zswap" in name else ())


def set_and_undone(actuation: Actuation, name: CgroupKnobName) -> Applied:
    """What became of it, after it was seen by systemd and by the kernel, and given back."""
    value, expected = KNOBS[name]
    (done,) = actuation.apply([action(knob(name), value)])
    assert done.status == "applied", done.detail
    assert (PLACE / name).read_text() == f"{value}\n"
    assert expected in shown()
    (restored,) = actuation.restore_all("end")
    assert restored.skipped is None
    return done


@pytest.mark.parametrize("name", [needing(name) for name in KNOBS])
def test_a_unit_with_settings_of_its_own_gets_them_back(actuation: Actuation, name: CgroupKnobName) -> None:
    with unit(*OWN):
        before, said = files(), shown()
        set_and_undone(actuation, name)
        assert files() == before
        assert shown() == said


@pytest.mark.parametrize("name", [needing(name) for name in KNOBS])
def test_a_unit_without_has_none_again(actuation: Actuation, name: CgroupKnobName) -> None:
    """What systemd enabled for it, it may leave enabled or not; else it is as if nobody had set anything."""
    with unit():
        before, said = files(), shown()
        done = set_and_undone(actuation, name)
        assert shown() == said
        after = files()
        assert {file: after[file] for file in before} == before
        everything = {"cpuset.cpus": b"0-1\n", "cpuset.mems": b"0-2\n"}
        nothing = everything.get(name, f"{done.old}\n".encode())
        assert after.get(name, nothing) == before.get(name, nothing)


def test_another_value_supersedes_and_the_first_comes_back(actuation: Actuation) -> None:
    with unit("CPUWeight=50"):
        for number, value in enumerate(("300", "400")):
            assert actuation.apply([action(knob("cpu.weight"), value, id_=f"{number}.1")])[0].new == value
        assert [one.value for one in actuation.restore_all("end")] == ["50"]
        assert "CPUWeight=50" in shown()


def test_what_systemd_has_no_property_for_is_refused(actuation: Actuation) -> None:
    with unit("CPUWeight=50"):
        (done,) = actuation.apply([action(knob("cpu.uclamp.min"), "50")])
        assert done.status == "failed"
        lacks = f"systemd owns {UNIT}, and has no property for cpu.uclamp.min"
        assert lacks in done.detail or "built without CONFIG_UCLAMP_TASK_GROUP" in done.detail


def test_a_delegated_cgroup_is_written_directly(actuation: Actuation) -> None:
    with unit("Delegate=cpu"):
        said = shown()
        main, below = PLACE / "main", PLACE / "below"
        main.mkdir()
        for pid in (PLACE / "cgroup.procs").read_text().split():
            (main / "cgroup.procs").write_text(pid)
        below.mkdir()
        target = knob("cpu.weight", f"{CGROUP}/below")
        (done,) = actuation.apply([action(target, "300")])
        assert done.status == "applied", done.detail
        assert done.detail == f"controller cpu below {CGROUP} enabled for it"
        assert (below / "cpu.weight").read_text() == "300\n"
        assert shown() == said
        assert [one.skipped for one in actuation.restore_all("end")] == [None, None]
        assert not (below / "cpu.weight").exists()


def test_what_is_systemds_to_enable_is_not_enabled_behind_its_back(actuation: Actuation) -> None:
    with unit():
        plain = MOUNT / SLICE / "plain"
        plain.mkdir()
        try:
            before = (MOUNT / SLICE / "cgroup.subtree_control").read_bytes()
            assert b"cpuset" not in before
            (done,) = actuation.apply([action(knob("cpuset.cpus", f"/{SLICE}/plain"), "0")])
            assert done.status == "failed"
            assert (
                f"the cpuset controller is not enabled below /{SLICE}, and there systemd decides"
                in done.detail
            )
            assert (MOUNT / SLICE / "cgroup.subtree_control").read_bytes() == before
        finally:
            plain.rmdir()


@pytest.mark.parametrize("name", [needing(name) for name in KNOBS])
def test_a_restarted_unit_has_none_again(actuation: Actuation, name: CgroupKnobName) -> None:
    """It has another cgroup then, with our value in it; the one that we set is gone."""
    with lasting():
        said = shown()
        value, expected = KNOBS[name]
        assert actuation.apply([action(knob(name), value)])[0].status == "applied"
        run("systemctl", "restart", UNIT)
        assert expected in shown()
        assert (PLACE / name).read_text() == f"{value}\n"
        (ended,) = actuation.reconcile()
        assert ended.skipped is not None
        assert ended.skipped.endswith(f"systemd's {UNIT} has what it had before us again")
        assert shown() == said
        assert list(KEPT.iterdir()) == []
        assert actuation.in_force() == ()


def test_a_stopped_unit_starts_with_its_own(actuation: Actuation) -> None:
    with lasting("CPUWeight=50"):
        assert actuation.apply([action(knob("cpu.weight"), "300")])[0].status == "applied"
        run("systemctl", "stop", UNIT)
        assert [one.failed for one in actuation.restore_all("end")] == [False]
        run("systemctl", "start", UNIT)
        assert (PLACE / "cpu.weight").read_text() == "50\n"


def test_what_someone_else_has_set_before_a_restart_stays(actuation: Actuation) -> None:
    with lasting("CPUWeight=50"):
        assert actuation.apply([action(knob("cpu.weight"), "300")])[0].status == "applied"
        run("systemctl", "set-property", "--runtime", UNIT, "CPUWeight=70")
        run("systemctl", "restart", UNIT)
        (ended,) = actuation.reconcile()
        assert ended.skipped is not None
        assert (PLACE / "cpu.weight").read_text() == "70\n"
        assert [path.name for path in KEPT.iterdir()] == ["50-CPUWeight.conf"]


def test_its_file_counts_again_after_undoing(actuation: Actuation) -> None:
    with lasting():
        assert actuation.apply([action(knob("cpu.max"), "20000 50000")])[0].status == "applied"
        names = {path.name for path in KEPT.iterdir()}
        assert names == {"50-CPUQuota.conf", "50-CPUQuotaPeriodSec.conf"}
        assert [one.skipped for one in actuation.restore_all("end")] == [None]
        assert list(KEPT.iterdir()) == []
        define("CPUQuota=30%")
        assert "CPUQuotaPerSecUSec=300ms" in shown()


def test_what_was_set_at_run_time_before_us_stays_so(actuation: Actuation) -> None:
    with lasting("CPUWeight=50"):
        run("systemctl", "set-property", "--runtime", UNIT, "CPUWeight=70")
        kept = (KEPT / "50-CPUWeight.conf").read_bytes()
        assert actuation.apply([action(knob("cpu.weight"), "300")])[0].status == "applied"
        assert [one.value for one in actuation.restore_all("end")] == ["70"]
        assert (KEPT / "50-CPUWeight.conf").read_bytes() == kept


def test_what_the_kernel_refused_does_not_stay_with_systemd(actuation: Actuation) -> None:
    """systemd takes a CPU that there is not; the kernel's file does not change."""
    with lasting("AllowedCPUs=0"):
        said = shown()
        assert actuation.apply([action(knob("cpuset.cpus"), "9")])[0].status == "failed"
        assert shown() == said
        assert list(KEPT.iterdir()) == []
        assert actuation.in_force() == ()


def test_a_unit_of_a_users_own_systemd_is_written_directly(actuation: Actuation) -> None:
    """Of another kind than the service in whose delegated cgroup it is, as in user@1000.service."""
    with unit("Delegate=cpu"):
        main, below = PLACE / "init.scope", PLACE / "app.slice"
        main.mkdir()
        for pid in (PLACE / "cgroup.procs").read_text().split():
            (main / "cgroup.procs").write_text(pid)
        below.mkdir()
        (done,) = actuation.apply([action(knob("cpu.weight", f"{CGROUP}/app.slice"), "300")])
        assert done.status == "applied", done.detail
        assert (below / "cpu.weight").read_text() == "300\n"
        assert [one.skipped for one in actuation.restore_all("end")] == [None, None]
