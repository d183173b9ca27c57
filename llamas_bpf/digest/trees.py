"""The process trees that ``exec`` started, where there is no cgroup to hold them: who belongs to which."""

import os
from collections.abc import Callable, Iterable

import numpy as np

from llamas_bpf import process_children, process_stat
from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload

NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Trees:
    """Follows forks and exits: a child stays in the tree when its parent ends, wherever it then hangs.

    One that ended stays for another window: it is last seen on a CPU when it has told of its exit.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._ids: dict[ProcessId, str] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._ended: set[int] = set()  # in this window
        self._leaving: set[int] = set()  # in the one before
        #: The workload's id of every process in a tree, by pid.
        self.of_process: dict[int, str] = {}

    def resolve(self, lifecycle: np.ndarray, whole: bool, launched: Iterable[Launched]) -> list[Workload]:
        """A workload for each tree, as it is after the window's births and deaths."""
        roots = {entry.root: entry for entry in launched if entry.cgroup_id is None}
        for root in self._ids.keys() - roots.keys():
            del self._starts[self._ids.pop(root)]
        new = roots.keys() - self._ids.keys()
        for root in new:
            self._ids[root] = self._new_id()
            self._starts[self._ids[root]] = {root.pid: root.start_ticks}
        for pid in self._leaving:
            for members in self._starts.values():
                members.pop(pid, None)
        self._leaving, self._ended = self._ended, set()
        self._index()
        if self._ids:
            self._follow(lifecycle)
        for root, tree in self._ids.items():
            if not whole or root in new:
                self._search(tree)
        self._index()
        return [self._workload(self._ids[root], entry) for root, entry in roots.items()]

    def _follow(self, lifecycle: np.ndarray) -> None:
        """In the order of the records: a grandchild may follow its parent within the window."""
        for kind, pid, parent, start_ns in lifecycle[["type", "tgid", "parent_tgid", "start_ns"]].tolist():
            if kind == LifecycleType.FORK and (tree := self.of_process.get(parent)):
                self._ended.discard(pid)
                self._leaving.discard(pid)
                self._starts[tree][pid] = start_ns // NS_PER_TICK
                self.of_process[pid] = tree
            elif kind == LifecycleType.EXIT and pid in self.of_process:
                self._ended.add(pid)

    def _search(self, tree: str) -> None:
        """Through /proc, from every member that still lives."""
        members = self._starts[tree]
        for pid in list(members):
            stat = process_stat.read(pid)
            if stat is None or stat.start_ticks != members[pid]:
                del members[pid]
        for root in list(members):
            for pid in descendants(root) - members.keys():
                if stat := process_stat.read(pid):
                    members[pid] = stat.start_ticks

    def _index(self) -> None:
        self.of_process = {pid: tree for tree, members in self._starts.items() for pid in members}

    def _workload(self, tree: str, entry: Launched) -> Workload:
        gone = self._ended | self._leaving
        living = sorted((pid, start) for pid, start in self._starts[tree].items() if pid not in gone)
        processes = tuple(ProcessId(pid, start) for pid, start in living)
        return Workload(tree, entry.name, None, None, processes, started_by_exec=True, does=entry.does)


def descendants(root: int) -> set[int]:
    """``root`` and every process below it."""
    found, queue = set(), [root]
    while queue:
        pid = queue.pop()
        if pid in found:
            continue
        found.add(pid)
        queue += process_children.of(pid)
    return found
