"""The controller killed at every step of its life, and every knob compared byte for byte with before.

Its life here: actions of every kind are applied, superseded, expire and are undone, and the journal is
compacted on the way. ``make test-crash`` kills it a hundred times; the run of every day ten times.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from acting import action
from dying import dies, steps
from guest_workloads import EXEC, MIB, MOUNT, directory, holding, knob, reclaim
from heat_settings import damon_free
from knob_snapshot import differences, snapshot

from llamas_bpf import machine, process_stat
from llamas_bpf.act import Actuation, Journal, journal, rollback
from llamas_bpf.act.actuators import interleave, system
from llamas_bpf.contracts.action import (
    Action,
    Affinity,
    CgroupKnob,
    CgroupKnobName,
    InterleaveWeight,
    Pages,
    Priority,
    Scheme,
    SystemKnob,
    SystemKnobName,
    Target,
)
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.damon import availability

KILLS = 100
#: None of them hands anything on: what the innermost needs is enabled two deep.
OUTER, MIDDLE, INNER = MOUNT / "outer", MOUNT / "outer/middle", MOUNT / "outer/middle/inner"
#: A second thread with a mask of its own.
PAIR = """
import os, threading, time
def other():
    os.sched_setaffinity(0, {1})
    print("up", flush=True)
    time.sleep(3600)
threading.Thread(target=other, daemon=True).start()
time.sleep(3600)
"""


OF_CGROUP: dict[CgroupKnobName, tuple[str, str]] = {
    "cpu.weight": ("300", "20"),
    "cpu.max": ("50000 100000", "90000 100000"),
    "cpuset.cpus": ("0", "1"),
    "cpuset.mems": ("0", "2"),
    "memory.high": (str(64 * MIB), str(32 * MIB)),
    "memory.low": (str(MIB), str(2 * MIB)),
    "memory.swap.max": (str(64 * MIB), "0"),
}
OF_MACHINE: dict[SystemKnobName, tuple[str, str]] = {
    "numa.demotion_enabled": ("true", "true"),
    "kernel.numa_balancing": ("2", "3"),
    "kernel.numa_balancing_promote_rate_limit_MBps": ("100", "200"),
    "vm.swappiness": ("10", "90"),
    "vm.zone_reclaim_mode": ("1", "1"),
    "vm.watermark_scale_factor": ("20", "30"),
    "lru_gen.min_ttl_ms": ("10", "20"),
    "zswap.enabled": ("Y", "Y"),
    "transparent_hugepage.enabled": ("never", "always"),
}


@dataclass(frozen=True)
class Scene:
    """What there is to act on."""

    held: Launched
    pid: int

    def snapshot(self) -> dict[str, bytes]:
        return snapshot([MOUNT, MOUNT / "llamas-bpf", directory(self.held), OUTER, MIDDLE, INNER], [self.pid])

    def settings(self) -> list[tuple[Target, str, str]]:
        """Every target there is here, and two values for it that are not its own."""
        of_cgroup = [
            (knob(self.held, name), *values)
            for name, values in OF_CGROUP.items()
            if (directory(self.held) / name).exists()
        ]
        of_machine = [
            (SystemKnob(knob=name), *OF_MACHINE[name])
            for name, file in system.FILES.items()
            if Path("/", file.path).exists()
        ]
        weights = Path("/", interleave.DIRECTORY)
        mask = Affinity(pid=self.pid, start_ticks=self.start_ticks)
        nice = Priority(pid=self.pid, start_ticks=self.start_ticks)
        of_nodes = [(InterleaveWeight(node=2), "2", "3")] if weights.exists() else []
        of_threads: list[tuple[Target, str, str]] = [(mask, "0", "1"), (nice, "5 batch", "10 idle")]
        return [*of_cgroup, self.below(), *of_machine, *of_nodes, *of_threads, *self.schemes()]

    def below(self) -> tuple[Target, str, str]:
        """A knob that is not there until a controller is enabled for it."""
        inner = "/" + str(INNER.relative_to(MOUNT))
        return CgroupKnob(cgroup=inner, cgroup_id=INNER.stat().st_ino, knob="cpu.weight"), "300", "50"

    def schemes(self) -> list[tuple[Target, str, str]]:
        """Where DAMON is nobody's yet."""
        if availability.why_not():
            return []
        scheme = Scheme(knob="lru_deprio", cgroup=self.held.cgroup, cgroup_id=self.held.cgroup_id)
        return [(scheme, "ms=10 bytes=1048576", "ms=20 bytes=2097152")]

    def once(self) -> list[tuple[Target, str]]:
        """What moves pages, and is not undone."""
        cold = Pages(knob="pages.cold", pid=self.pid, start_ticks=self.start_ticks)
        return [(reclaim(self.held), str(MIB)), (cold, str(MIB))]

    @property
    def start_ticks(self) -> int:
        stat = process_stat.read(self.pid)
        assert stat is not None
        return stat.start_ticks


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    INNER.mkdir(parents=True)
    with (
        damon_free(),
        holding(8, "crash") as held,
        subprocess.Popen([sys.executable, "-c", PAIR], stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield Scene(held, process.pid)
        process.kill()
    for path in (INNER, MIDDLE, OUTER):
        path.rmdir()


def life(scene: Scene, state: Path) -> Callable[[], None]:
    """Everything that acting can do, from the first action to a clean end."""

    def lived() -> None:
        journal.LONG_BYTES = 20_000  # compacts on the way, as a long run does
        actuation = Actuation(machine.read(), Journal(state), dry_run=False)
        settings = scene.settings()
        first = [action(target, one, f"{1 + n % 3}.{n}") for n, (target, one, _) in enumerate(settings)]
        then = [action(target, two, f"{5 + n % 3}.{n}") for n, (target, _, two) in enumerate(settings)]
        actuation.apply([*first, *(action(target, size, "4.1") for target, size in scene.once())])
        actuation.apply(then[::2])
        actuation.reconcile()
        actuation.apply([brief(one) for one in then[1::2]])
        actuation.expire(time.monotonic_ns() + 10 * 10**9)
        actuation.undo("5", "it harmed")
        actuation.apply(first)
        actuation.restore_all("the run ended")

    return lived


def brief(action: Action) -> Action:
    return action.model_copy(update={"ttl_s": 5})


def put_back(state: Path, number: int) -> None:
    """By another process, that may be killed too; each tenth time by the command itself."""
    here = machine.read()
    again = dies(lambda: rollback(state, here), at=number % 23, torn=number % 2 == 1)
    if number % 10 == 0:
        command = [*EXEC[:-1], "rollback", "--all", "--state", str(state)]
        subprocess.run(command, check=True, capture_output=True)
    elif again:
        assert not dies(lambda: rollback(state, here), at=1_000_000)


def crash_run(scene: Scene, state: Path, kills: int) -> None:
    before = scene.snapshot()
    count = steps(life(scene, state / "whole"))
    assert differences(before, scene.snapshot()) == {}
    changed = 0
    for number in range(kills):
        at = number * count // kills if kills < count else number % count
        assert dies(life(scene, state / str(number)), at, torn=number % 2 == 0), (number, at, count)
        changed += bool(differences(before, scene.snapshot()))
        put_back(state / str(number), number)
        assert differences(before, scene.snapshot()) == {}, f"killed before step {at} of {count}"
        assert rollback(state / str(number), machine.read()) == []
    print(f"{kills} kills over {count} steps; {changed} of them left something to put back")
    assert changed > kills // 2


@pytest.mark.needs("node2", "demotion", "numa_balancing")
def test_killed_ten_times(scene: Scene, tmp_path: Path) -> None:
    crash_run(scene, tmp_path, 10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.needs("node2", "demotion", "numa_balancing")
def test_killed_a_hundred_times(scene: Scene, tmp_path: Path) -> None:
    crash_run(scene, tmp_path, KILLS)
