"""An invented machine to try hints on: workloads, some of which may be acted on, and files for knobs."""

import math
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, get_args
from unittest import mock

from acting import here
from situations import GIB, MIB, Row, digest, machine

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, Journal, actuator
from llamas_bpf.act.actuators import affinity, cgroup, interleave, reclaim, system
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.contracts.action import ONE_SHOTS, CgroupKnobName, Target
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import ProcessId, Workload

#: No process can have it: the kernel's own limit of pids is 2^22 (include/linux/threads.h, PID_MAX_LIMIT).
NOBODY = ProcessId((1 << 22) + 7, 1)
PROTECTED = "/batch/keep"
#: What the kernel says of a setting that nobody touched.
UNSET = {
    "memory.low": "0",
    "cpu.uclamp.min": "0.00",
    "cpu.weight": "100",
    "cpuset.cpus": "\n",
    "cpuset.mems": "\n",
    "cpu.max": "max 100000",
}


Ranges = tuple[dict[str, float], ...]
#: For each knob several, of which each world has one.
_COUNTS: Ranges = ({"min": 1, "max": 8192}, {"min": 2, "max": 3})
_BYTES: Ranges = (
    {"min": 16 * MIB, "max": 64 * GIB},
    {"min": 0, "max": math.inf},
    {"min": 4096, "max": 1 << 62, "factor": 4},
)
_NUMBERS: Ranges = ({"min": 0, "max": 1000}, {"min": 10, "max": 100, "step": 20}, {"min": 7, "max": 7})
BOUNDS: dict[str, Ranges] = {
    "cpu.weight": ({"min": 10, "max": 1000, "factor": 4}, {"min": 1, "max": 10_000}, {"min": 99, "max": 99}),
    "cpu.max": ({"min": 0.1, "max": math.inf, "factor": 4}, {"min": 1, "max": 2}),
    "cpu.uclamp.min": ({"min": 0, "max": 80, "step": 50}, {"min": 0, "max": 100}),
    "cpu.uclamp.max": ({"min": 20, "max": math.inf}, {"min": 50, "max": 60}),
    "priority": ({"min": 0, "max": 19}, {"min": 5, "max": 10}),
    **dict.fromkeys(("cpuset.cpus", "cpuset.mems", "affinity", "pages.move"), _COUNTS),
    **dict.fromkeys(("memory.high", "memory.low", "memory.swap.max", "memory.zswap.max"), _BYTES),
    **dict.fromkeys(
        ("memory.reclaim", "pages.cold", "pages.pageout"), ({"min": 4096, "max": GIB}, {"min": 1, "max": MIB})
    ),
    **dict.fromkeys(("migrate_hot", "migrate_cold", "pageout", "lru_prio", "lru_deprio"), _BYTES),
    **dict.fromkeys(("vm.swappiness", "vm.zone_reclaim_mode", "vm.watermark_scale_factor"), _NUMBERS),
    **dict.fromkeys(("lru_gen.min_ttl_ms", "kernel.numa_balancing_promote_rate_limit_MBps"), _NUMBERS),
    "weighted_interleave": ({"min": 1, "max": 255, "factor": 8}, {"min": 2, "max": 4}),
}
WORDS: dict[str, list[str]] = {
    "numa.demotion_enabled": ["true", "false"],
    "kernel.numa_balancing": ["0", "1", "2", "3"],
    "zswap.enabled": ["Y", "N"],
    "transparent_hugepage.enabled": ["always", "madvise", "never"],
}


@dataclass(frozen=True)
class World:
    """``allowed`` holds the ids of those that may be acted on; ``limits`` is as in limits.toml.

    ``before`` is every file at first, by its path below ``root``.
    """

    root: Path
    machine: Machine = field(repr=False)
    limits: dict[str, Any]
    workloads: tuple[Workload, ...] = field(repr=False)
    allowed: frozenset[str]
    sizes: tuple[Row, ...] = field(repr=False)
    before: dict[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.before.update(self.tree())

    def digest(self, number: int) -> Digest:
        return replace(digest(self.sizes, self.machine, number), workloads=self.workloads)

    def tree(self) -> dict[str, bytes]:
        """Every file there is, below ``root``."""
        start = len(str(self.root)) + 1
        return {
            f"{directory}/{name}"[start:]: _bytes(f"{directory}/{name}")
            for directory, _, names in os.walk(self.root)
            for name in names
        }

    def mend(self) -> None:
        """After a failure, so that the next does not meet it."""
        for name, text in self.before.items():
            (self.root / name).write_bytes(text)

    def masks(self) -> list[set[int]]:
        """The CPUs that the real processes may use."""
        pids = {one.pid for workload in self.workloads for one in workload.processes} - {1, NOBODY.pid}
        return [os.sched_getaffinity(pid) for pid in sorted(pids)]

    @contextmanager
    def acting(self, state: Path) -> Iterator[Actuation]:
        """The real thing, on these files: of the machine underneath, only ``process`` can be reached."""
        tools: dict[str, actuator.Actuator] = {
            "cgroup": cgroup.build(self.machine),
            "reclaim": reclaim.build(self.machine),
            "affinity": affinity.build(self.machine),
            "system": system.SystemActuator(self.root),
            "interleave": interleave.InterleaveActuator(self.root),
        }
        for kind in get_args(get_args(Target)[0]):
            name = get_args(kind.model_fields["kind"].annotation)[0]
            tools.setdefault(name, InFiles(self.root / "others" / name, one_shot=name in ONE_SHOTS))
        journal = Journal(state)
        try:
            with mock.patch.object(actuator, "build", lambda _: tools):
                actuation = Actuation(self.machine, journal, dry_run=False)
            yield actuation
        finally:
            journal.close()


class InFiles(actuator.Actuator):
    """A file for each target, in place of what only a real kernel has."""

    def __init__(self, directory: Path, one_shot: bool) -> None:
        self._directory: Path = directory
        self.one_shot = one_shot

    def read(self, target: Any) -> Old:
        path = self._path(target)
        return Old(value=path.read_text() if path.exists() else "")

    def write(self, target: Any, value: str) -> tuple[ThreadValue, ...]:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._path(target).write_text(value)
        if not value:
            self._path(target).unlink()
        return ()

    def _path(self, target: Target) -> Path:
        return self._directory / target.model_dump_json().replace("/", "!")


def _bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - read a million times
        return file.read()


def build(random: Random, root: Path, process: ProcessId) -> World:
    """One of many, in an empty directory; ``process`` is a real one, that may be acted on."""
    mount = root / "cgroup"
    tiers = random.choice((((0,),), ((0, 1),), ((0, 1), (2,)), ((0,), (1,), (2,))))
    cpus = {0: [0], 1: [1]} if random.random() < 0.5 else {0: [0, 1, 2, 3]}
    invented = machine(tiers, cpus, random.choice((64 * MIB, 512 * MIB, 4 * GIB)))
    found = here(mount).model_copy(
        update={name: getattr(invented, name) for name in ("cpus", "nodes", "tiers")}
        | {"cgroup_controllers": random.choice((("cpu", "cpuset", "memory"), ("cpu", "memory"), ()))}
    )
    for name, file in system.FILES.items():
        _make(root / file.path, {"numa.demotion_enabled": "false", "zswap.enabled": "N"}.get(name, "1"))
    for node in found.nodes:
        _make(root / interleave.DIRECTORY / f"node{node.id}", "1")
    workloads = tuple(_workloads(mount, process))
    allowed = frozenset(f"w{number}" for number in (1, 2, 3, 9, 10, 13))
    return World(root, found, _limits(random), workloads, allowed, _sizes(random, found, workloads))


def _make(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _workloads(mount: Path, process: ProcessId) -> Iterator[Workload]:
    """``w1`` to ``w13``; see ``allowed`` for which of them are to be acted on, and ``_limits`` for why."""
    places = (
        "/llamas-bpf/hot",
        "/llamas-bpf/cold",
        "/batch/a",
        "/batch/a/deep",
        PROTECTED,
        "/system/ssh",
        "/batch/init",
    )
    for number, place in enumerate(places, start=1):
        id_ = make_cgroup(mount, place)
        yield Workload(f"w{number}", place, place, id_, (NOBODY,), place.startswith("/llamas-bpf/"))
    (mount / "batch/init/cgroup.procs").write_text("1\n")
    yield Workload("w8", "the root", "/", mount.stat().st_ino, (NOBODY,))
    yield Workload("w9", "tree", None, None, (process,), started_by_exec=True)
    yield Workload("w10", "gone", None, None, (NOBODY,), started_by_exec=True)
    yield Workload("w11", "stranger", None, None, (process,))
    yield Workload("w12", "init", None, None, (ProcessId(1, 1), process), started_by_exec=True)
    made_anew = make_cgroup(mount, "/batch/b")
    yield Workload("w13", "made anew since", "/batch/b", made_anew + 1_000_000_000, (NOBODY,))


@contextmanager
def sleeping() -> Iterator[ProcessId]:
    """A real process."""
    with subprocess.Popen(["sleep", "3600"]) as process:
        try:
            stat = process_stat.read(process.pid)
            assert stat is not None
            yield ProcessId(process.pid, stat.start_ticks)
        finally:
            process.kill()


def make_cgroup(mount: Path, place: str) -> int:
    """Its id."""
    directory = mount / place.strip("/")
    directory.mkdir(parents=True, exist_ok=True)
    for name in get_args(CgroupKnobName):
        (directory / name).write_text(UNSET.get(name, "max"))
    for name, text in (("cgroup.procs", ""), ("memory.current", str(200 * MIB)), ("memory.reclaim", "")):
        (directory / name).write_text(text)
    return directory.stat().st_ino


def _sizes(random: Random, of: Machine, workloads: tuple[Workload, ...]) -> tuple[Row, ...]:
    """What they use, or that it is not known."""
    rows = []
    for workload in workloads:
        nodes = [float(random.randrange(300) * MIB) for _ in of.nodes]
        known = {"memory.current_bytes": sum(nodes), "memory.working_set_bytes": sum(nodes) / 3}
        columns = {name: value for name, value in known.items() if random.random() < 0.8}
        rows.append(Row(workload.id, columns, nodes if random.random() < 0.9 else ()))
    return tuple(rows)


def _limits(random: Random) -> dict[str, Any]:
    """The operator's word: strict or not, but always with its two patterns. Some knobs are not listed."""
    choose = random.choice
    bounds = {name: choose(ranges) for name, ranges in BOUNDS.items() if random.random() < 0.9}
    switches = {
        name: random.sample(words, random.randint(1, len(words)))
        for name, words in WORDS.items()
        if random.random() < 0.9
    }
    return {
        "min_confidence": choose((0.0, 0.5, 1.0)),
        "max_ttl_s": choose((1, 300, 86_400)),
        "scope": {"cgroups": ["/batch/*"], "machine_wide": random.random() < 0.5},
        "protect": {"cgroups": [PROTECTED]},
        "bounds": bounds,
        "switches": switches,
        "rates": {"actions_per_minute": choose((0, 1, 3, 1000))},
        "capacity": {"reserve_ratio": choose((0.0, 0.05, 0.9)), "keep_ratio": choose((0.1, 0.5, 1.0))},
    }
