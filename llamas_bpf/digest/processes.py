"""Who is who where workloads are processes, or the trees that ``exec`` started.

A key holds the pid in its upper half and when the process started in its lower one (``bpf/events.h``), so a
pid that is given out again is another key.
"""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from llamas_bpf import own, process_stat
from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload
from llamas_bpf.digest.kernel_files import read
from llamas_bpf.digest.trees import NS_PER_TICK, Trees

#: A process that ended before it could be looked at has no known start.
UNKNOWN_START = 0

#: So many processes without events are looked up in a window, to forget those that are gone.
LOOKED_AFTER = 256

#: The key's units of 2^20 ns in a tick of /proc.
_TICK_UNITS = NS_PER_TICK >> 20


class Processes:
    """Gives ids that are never reused. Names come with the records of births, else from /proc, once."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._known: dict[int, Workload] = {}
        self._ended: set[int] = set()
        self._born: dict[int, tuple[str, int]] = {}
        self._trees = Trees(lambda: f"w{next(self._ids)}")

    def resolve(
        self, keys: Iterable[int], lifecycle: np.ndarray, whole: bool, launched: Iterable[Launched]
    ) -> list[tuple[Workload, list[int]]]:
        """Each workload with its keys: a tree has one for every process in it that was seen.

        ``lifecycle`` holds the window's births and deaths; unless ``whole``, some are missing.
        """
        self._follow(lifecycle)
        trees = self._trees.resolve(lifecycle, whole, launched)
        members: dict[str, list[int]] = {tree.id: [] for tree in trees}
        alone: list[tuple[Workload, list[int]]] = []
        # In the kernel they are left out only where it tells of parents: not by way of bcc.
        active = {key for key in keys if not own.holds(key >> 32)}
        for key in sorted(active):
            if tree := self._trees.of_process.get(key >> 32):
                members[tree].append(key)
            elif key:
                alone.append((self._known.get(key) or self._meet(key), [key]))
        self._forget(lifecycle, whole, active)
        return [(tree, members[tree.id]) for tree in trees] + alone

    def _follow(self, lifecycle: np.ndarray) -> None:
        """Meets who was born and renames who became another program; the last name in the window holds."""
        self._born = {}
        columns = (lifecycle[name].tolist() for name in ("workload", "tgid", "comm", "start_ns"))
        for key, pid, comm, start_ns in zip(*columns, strict=True):
            name = comm.decode(errors="replace")
            known = self._known.get(key)
            if not name:
                continue
            if known and known.name != name:
                self._known[key] = replace(known, name=name)
            elif known is None:
                self._born[pid] = name, start_ns // NS_PER_TICK

    def _meet(self, key: int) -> Workload:
        """One that was born in this window, or lived before we watched, or whose birth was missed."""
        pid = key >> 32
        name, start = self._born.get(pid, ("", UNKNOWN_START))
        if not name or not started_at(key, start):
            stat, name, start = process_stat.read(pid), "exited", UNKNOWN_START
            if stat and started_at(key, stat.start_ticks):
                name, start = (read(Path(f"/proc/{pid}/comm")) or name).rstrip("\n"), stat.start_ticks
        self._known[key] = met = Workload(f"w{next(self._ids)}", name, None, None, (ProcessId(pid, start),))
        return met

    def _forget(self, lifecycle: np.ndarray, whole: bool, active: set[int]) -> None:
        """A window after the end, when /proc has it no more: a process is last seen on a CPU, and gives its
        memory back, when it has told of its exit. Ends that were missed are found in turn."""
        leaving = {key for key in self._ended if _is_in_proc(key)}
        for key in self._ended - leaving:
            self._known.pop(key, None)
        exits = set(lifecycle["tgid"][lifecycle["type"] == LifecycleType.EXIT].tolist())
        self._ended = leaving | {key for key in self._known if key >> 32 in exits}
        quiet = (key for key in self._known if key not in active)
        for key in list(itertools.islice(quiet, None if not whole else LOOKED_AFTER)):
            known = self._known.pop(key)
            if _is_in_proc(key):
                self._known[key] = known  # now the last in line


def _is_in_proc(key: int) -> bool:
    return Path(f"/proc/{key >> 32}").exists()


def started_at(key: int, ticks: int) -> bool:
    """Whether a process that started in that clock tick can be the key's."""
    start = key & 0xFFFFFFFF
    # /proc tells ticks of 10 ms, the key some 1 ms; a backend that cannot tell the start puts 0.
    return not start or (start - (ticks * NS_PER_TICK >> 20)) % (1 << 32) <= _TICK_UNITS + 1
