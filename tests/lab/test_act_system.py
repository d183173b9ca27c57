"""Every machine-wide setting in a real kernel: set, seen in its own file, undone; and why it was not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action

from llamas_bpf.act import Actuation
from llamas_bpf.contracts.action import SystemKnob, SystemKnobName

pytest_plugins = ("acting_in_guest",)

VM = Path("/proc/sys/vm")
HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
MIN_FREE = VM / "min_free_kbytes"
NUMA_BALANCING = Path("/proc/sys/kernel/numa_balancing")

#: Each setting's file, and values as they read there.
SETTINGS: dict[SystemKnobName, tuple[Path, list[str]]] = {
    "numa.demotion_enabled": (Path("/sys/kernel/mm/numa/demotion_enabled"), ["true", "false"]),
    "kernel.numa_balancing": (NUMA_BALANCING, ["2", "0", "3", "1"]),
    "kernel.numa_balancing_promote_rate_limit_MBps": (
        Path("/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps"),
        ["1", "1048576"],
    ),
    "vm.swappiness": (VM / "swappiness", ["0", "200"]),
    "vm.zone_reclaim_mode": (VM / "zone_reclaim_mode", ["1", "0"]),
    "vm.watermark_scale_factor": (VM / "watermark_scale_factor", ["3000", "1"]),
    "lru_gen.min_ttl_ms": (Path("/sys/kernel/mm/lru_gen/min_ttl_ms"), ["20", "60000", "0"]),
    "zswap.enabled": (Path("/sys/module/zswap/parameters/enabled"), ["Y", "N"]),
    "transparent_hugepage.enabled": (HUGE, ["madvise", "never", "always"]),
}
#: Sets one, and says what came of it.
SET = """
import sys
from llamas_bpf.act.actuators.system import SystemActuator
from llamas_bpf.act.errors import ActError
from llamas_bpf.contracts.action import SystemKnob

try:
    SystemActuator().write(SystemKnob(knob=sys.argv[1]), sys.argv[2])
except ActError as error:
    print(error)
"""


@pytest.fixture(autouse=True)
def marks_of_now() -> None:
    """Those made at boot differ by a page from what the kernel makes of the same settings later on."""
    scale = VM / "watermark_scale_factor"
    scale.write_bytes(scale.read_bytes())


def everything() -> dict[str, bytes]:
    """All of these files, and what the kernel makes of them: the marks at which reclaim begins and ends."""
    found = {str(path): path.read_bytes() for path, _ in SETTINGS.values() if path.exists()}
    return found | {"min_free_kbytes": MIN_FREE.read_bytes(), "marks": repr(list(marks())).encode()}


def marks() -> Iterator[tuple[str, int]]:
    """Without the boost that a zone has for a while when its free memory is in pieces."""
    boost = 0
    for name, *words in map(str.split, Path("/proc/zoneinfo").read_text().splitlines()):
        if name == "boost":
            boost = int(words[0])
        elif name in ("min", "low", "high", "promo"):
            yield name, int(words[0]) - boost


def set_to(actuation: Actuation, name: SystemKnobName, value: str, number: int = 1) -> str:
    """Gives what there is to say, if it failed."""
    (done,) = actuation.apply([action(SystemKnob(knob=name), value, id_=f"{number}.1", workload=None)])
    return done.detail if done.status == "failed" else ""


@pytest.mark.parametrize("name", list(SETTINGS))
def test_set_seen_and_undone(actuation: Actuation, name: SystemKnobName) -> None:
    path, values = SETTINGS[name]
    before = everything()
    for number, value in enumerate(values, start=1):
        said = set_to(actuation, name, value, number)
        if not path.exists():
            assert said.startswith(f"{name}: no such thing here")
            assert "boot a kernel with CONFIG_" in said
            continue
        assert said == ""
        now = path.read_text().strip()
        assert now == value or f"[{value}]" in now
    actuation.restore_all("end")
    assert everything() == before


def test_all_of_them_at_once(actuation: Actuation) -> None:
    before = everything()
    wanted = [
        action(SystemKnob(knob=name), values[0], id_=f"{number}.1", workload=None)
        for number, (name, (path, values)) in enumerate(SETTINGS.items(), start=1)
        if path.exists()
    ]
    assert {one.status for one in actuation.apply(wanted)} <= {"applied", "unchanged"}
    assert everything() != before
    actuation.restore_all("end")
    assert everything() == before


@pytest.mark.parametrize(
    ("first", "value"), [("madvise", "always"), ("always", "never"), ("never", "always")]
)
def test_huge_pages_give_back_the_memory_kept_free(actuation: Actuation, first: str, value: str) -> None:
    """Which the kernel sets anew at every switch, whatever an administrator wrote there."""
    word, kept = HUGE.read_text().split("[")[1].split("]")[0], MIN_FREE.read_text()
    try:
        HUGE.write_text(first)
        MIN_FREE.write_text("9000")
        assert set_to(actuation, "transparent_hugepage.enabled", value) == ""
        assert (MIN_FREE.read_text() == "9000\n") == (value == "never")
        (restored,) = actuation.restore_all("end")
        assert (restored.value, restored.skipped) == (first, None)
        assert MIN_FREE.read_text() == "9000\n"
    finally:
        HUGE.write_text(word)
        MIN_FREE.write_text(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [("vm.swappiness", "201"), ("vm.watermark_scale_factor", "0"), ("kernel.numa_balancing", "9")],
)
def test_what_the_kernel_refuses_changes_nothing(
    actuation: Actuation, name: SystemKnobName, value: str
) -> None:
    before = everything()
    assert set_to(actuation, name, value) == (
        f"{name}: Invalid argument (the kernel does not take this value here)"
    )
    assert everything() == before
    assert actuation.in_force() == ()


@pytest.mark.parametrize(
    ("before", "name", "sentence"),
    [
        (
            "mount -o remount,bind,ro /sys",
            "numa.demotion_enabled",
            "Read-only file system (remount it writable",
        ),
        (
            "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys",
            "vm.swappiness",
            "Read-only file system (remount it writable",
        ),
        ("exec setpriv --reuid 65534", "vm.swappiness", "Permission denied (run as root)"),
        (
            "exec setpriv --bounding-set -sys_admin",
            "kernel.numa_balancing",
            "Operation not permitted (run as root; a container's root may not do this)",
        ),
    ],
)
def test_who_may_not_write_is_told_why(before: str, name: SystemKnobName, sentence: str) -> None:
    """In mounts of its own, or with less than root's rights."""
    path, values = SETTINGS[name]
    was = path.read_bytes()
    step = before if before.startswith("exec") else f"{before} && exec"
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'{step} "$0" "$@"',
        sys.executable,
        "-c",
        SET,
        name,
        values[0],
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.startswith(f"{name}: {sentence}")
    assert path.read_bytes() == was
