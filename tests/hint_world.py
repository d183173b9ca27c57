"""An invented machine to try hints on: workloads, some of which may be acted on, and files for knobs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, get_args
from unittest import mock

import hint_limits
from acting import here
from situations import GIB, MIB, Row, digest, machine

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, Journal, actuator
from llamas_bpf.act.actuators import affinity, cgroup, interleave, reclaim, system
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.contracts.action import ONE_SHOTS, CgroupKnobName, Target
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Device, Machine, NodeFeatures
from llamas_bpf.contracts.workload import ProcessId, Workload

#: No process can have it: the kernel's own limit of pids is 2^22 (include/linux/threads.h, PID_MAX_LIMIT).
NOBODY = ProcessId((1 << 22) + 7, 1)
#: What the kernel says of a setting that nobody touched.
UNSET = {
    "memory.low": "0",
    "cpu.uclamp.min": "0.00",
    "cpu.weight": "100",
    "cpuset.cpus": "\n",
    "cpuset.mems": "\n",
    "cpu.max": "max 100000",
}
DEVICES = tuple(
    Device(id=id_, kind=kind, pci=pci, node=node, description=kind)
    for id_, kind, pci, node in (
        ("gpu0", "gpu", "0000:01:00.0", 0),
        ("nvme0", "nvme", "0000:02:00.0", 1),
        ("eth0", "ethernet", "0000:03:00.0", None),
    )
)
#: Where there are three nodes, what the text of the last says.
SLOW = (NodeFeatures(node=2, profile="slow", bad_at=("writes", "frequent_access")),)
#: What has no file of its own holds this at first.
AT_FIRST = {"priority": "0 other"}
#: And these settings of the machine, of which a step may be bounded; all others 1.
AT_BOOT = {
    "numa.demotion_enabled": "false",
    "zswap.enabled": "N",
    "vm.swappiness": "60",
    "vm.watermark_scale_factor": "10",
}
#: The first window with them, for those that were not there from the first one on.
LATE = {"w3": 7, "w10": 9}
#: What all workloads show: as ever, run more, or wait longer for a CPU.
MOODS = {
    "calm": {"sched.run_ns": 1e8, "sched.runqueue_p99_ns": 1e6},
    "busy": {"sched.run_ns": 9e8, "sched.runqueue_p99_ns": 1e6},
    "crowded": {"sched.run_ns": 1e8, "sched.runqueue_p99_ns": 5e7},
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

    def digest(self, number: int, end_ns: int, mood: str) -> Digest:
        """Window ``number``; those that begin later (see ``LATE``) are not in it yet."""
        rows = self._here(number, self.sizes)
        window = digest([replace(row, columns={**row.columns, **MOODS[mood]}) for row in rows], self.machine)
        return replace(
            window, start_ns=end_ns - 10**9, end_ns=end_ns, workloads=self._here(number, self.workloads)
        )

    def _here(self, number: int, all_: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(one for one in all_ if number >= LATE.get(one.id, 1))

    def now(self, target: Target) -> str:
        """What is in its file, read without the code that acts; nothing where there is no such target."""
        of = target.model_dump()
        match target.kind:
            case "cgroup":
                if (self.root / f"cgroup{of['cgroup']}").stat().st_ino != of["cgroup_id"]:
                    return ""
                return (self.root / f"cgroup{of['cgroup']}" / target.knob).read_text().strip()
            case "system":
                return (self.root / system.FILES[target.knob].path).read_text().strip()
            case "interleave":
                return (self.root / interleave.DIRECTORY / f"node{of['node']}").read_text().strip()
        path = self.root / "others" / target.kind / in_file(target)
        return path.read_text() if path.exists() else AT_FIRST.get(target.kind, "")

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
        for name in self.tree().keys() - self.before.keys():
            (self.root / name).unlink()
        for name, text in self.before.items():
            (self.root / name).write_bytes(text)

    def masks(self) -> list[set[int]]:
        """The CPUs that the real processes may use."""
        pids = {one.pid for workload in self.workloads for one in workload.processes} - {1, NOBODY.pid}
        return [os.sched_getaffinity(pid) for pid in sorted(pids)]

    @contextmanager
    def acting(self, state: Path, dry_run: bool = False) -> Iterator[Actuation]:
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
                actuation = Actuation(self.machine, journal, dry_run)
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
        return Old(value=path.read_text() if path.exists() else AT_FIRST.get(target.kind, ""))

    def write(self, target: Any, value: str) -> tuple[ThreadValue, ...]:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._path(target).write_text(value)
        if value == AT_FIRST.get(target.kind, ""):
            self._path(target).unlink()
        return ()

    def _path(self, target: Target) -> Path:
        return self._directory / in_file(target)


def in_file(target: Target) -> str:
    """A name for its file."""
    return target.model_dump_json().replace("/", "!")


def _bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - read a million times
        return file.read()


def build(random: Random, root: Path, processes: tuple[ProcessId, ...]) -> World:
    """One of many, in an empty directory; ``processes`` are real ones, that may be acted on."""
    mount = root / "cgroup"
    tiers = random.choice((((0,),), ((0, 1),), ((0, 1), (2,)), ((0,), (1,), (2,))))
    cpus = {0: [0], 1: [1]} if random.random() < 0.5 else {0: [0, 1, 2, 3]}
    invented = machine(tiers, cpus, random.choice((64 * MIB, 512 * MIB, 4 * GIB)))
    found = here(mount).model_copy(
        update={name: getattr(invented, name) for name in ("cpus", "nodes", "tiers")}
        | {"cgroup_controllers": random.choice((("cpu", "cpuset", "memory"), ("cpu", "memory"), ()))}
        | {"devices": DEVICES, "features": SLOW if len(invented.nodes) == 3 else ()}
    )
    for name, file in system.FILES.items():
        _make(root / file.path, AT_BOOT.get(name, "1"))
    for node in found.nodes:
        _make(root / interleave.DIRECTORY / f"node{node.id}", "1")
    workloads = tuple(_workloads(mount, processes))
    allowed = frozenset(f"w{number}" for number in (1, 2, 3, 9, 10, 13))
    return World(
        root, found, hint_limits.limits(random), workloads, allowed, _sizes(random, found, workloads)
    )


def _make(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _workloads(mount: Path, processes: tuple[ProcessId, ...]) -> Iterator[Workload]:
    """``w1`` to ``w13``: ``allowed`` says which of them may be acted on, ``hint_limits.SCOPE`` why."""
    places = (
        "/llamas-bpf/hot",
        "/llamas-bpf/cold",
        "/batch/a",
        "/batch/a/deep",
        hint_limits.PROTECTED,
        "/system/ssh",
        "/batch/init",
    )
    for number, place in enumerate(places, start=1):
        id_ = make_cgroup(mount, place)
        yield Workload(f"w{number}", place, place, id_, (NOBODY,), place.startswith("/llamas-bpf/"))
    (mount / "batch/init/cgroup.procs").write_text("1\n")
    yield Workload("w8", "the root", "/", mount.stat().st_ino, (NOBODY,))
    yield Workload("w9", "tree", None, None, processes, started_by_exec=True, does=("writes",))
    yield Workload("w10", "gone", None, None, (NOBODY,), started_by_exec=True)
    yield Workload("w11", "stranger", None, None, processes)
    yield Workload("w12", "init", None, None, (ProcessId(1, 1), *processes), started_by_exec=True)
    made_anew = make_cgroup(mount, "/batch/b")
    yield Workload("w13", "made anew since", "/batch/b", made_anew + 1_000_000_000, (NOBODY,))


@contextmanager
def sleeping() -> Iterator[tuple[ProcessId, ...]]:
    """Two real processes."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(_asleep()) for _ in range(2))


@contextmanager
def _asleep() -> Iterator[ProcessId]:
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
