"""Who is who: event keys (cgroup ids, or tgids) to workloads with ids that are never reused."""

import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from llamas_bpf import process_stat
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload
from llamas_bpf.digest.kernel_files import read

#: A process that ended before it could be looked at has no known start.
UNKNOWN_START = 0


class Cgroups:
    """Workloads are cgroups: the key of an event is its cgroup id, which is the directory's inode number."""

    def __init__(self, mount: Path) -> None:
        self._mount = mount
        self._ids = itertools.count(1)
        self._known: dict[int, Workload] = {}

    def resolve(self, keys: Iterable[int], launched: Iterable[Launched]) -> list[tuple[Workload, list[int]]]:
        """Each workload with its keys: those seen in events, and those started by ``exec`` even if idle."""
        names = {entry.cgroup_id: entry.name for entry in launched if entry.cgroup_id is not None}
        wanted = set(keys) | names.keys()
        if wanted - self._known.keys():
            self._scan()
        self._known = {key: work for key, work in self._known.items() if self._exists(work)}
        return [(self._current(key, names), [key]) for key in sorted(wanted & self._known.keys())]

    def _scan(self) -> None:
        """Walk the hierarchy: needed only when an id appears that we have not met."""
        for directory, _, _ in os.walk(self._mount):
            key = Path(directory).stat().st_ino
            path = "/" + directory[len(str(self._mount)) :].strip("/")
            if key not in self._known or self._known[key].cgroup != path:
                self._known[key] = Workload(f"w{next(self._ids)}", path, path, key, ())

    def _exists(self, workload: Workload) -> bool:
        try:
            return self.directory(workload).stat().st_ino == workload.cgroup_id
        except OSError:
            return False

    def _current(self, key: int, names: dict[int, str]) -> Workload:
        known = self._known[key]
        pids = [int(word) for word in (read(self.directory(known) / "cgroup.procs") or "").split()]
        processes = tuple(ProcessId(pid, start_of(pid) or UNKNOWN_START) for pid in pids[:64] if pid)
        name = names.get(key, known.name)
        return Workload(known.id, name, known.cgroup, key, processes, started_by_exec=key in names)

    def directory(self, workload: Workload) -> Path:
        """Where the workload's control files are."""
        return self._mount / (workload.cgroup or "").lstrip("/")


class Processes:
    """Workloads are processes, or the trees that ``exec`` started: the key of an event is its tgid."""

    def __init__(self, children: Callable[[int], set[int]] | None = None) -> None:
        self._ids = itertools.count(1)
        self._known: dict[int, Workload] = {}
        self._trees: dict[ProcessId, Workload] = {}
        self._children = children or descendants

    def resolve(self, keys: Iterable[int], launched: Iterable[Launched]) -> list[tuple[Workload, list[int]]]:
        """Each workload with its keys: a tree has one for every process in it."""
        found: list[tuple[Workload, list[int]]] = []
        rest = {key for key in keys if key}
        for entry in launched:
            if entry.cgroup_id is None:
                members = sorted(self._children(entry.root.pid))
                found.append((self._tree(entry, members), members))
                rest -= set(members)
        found += [(self._process(key), [key]) for key in sorted(rest)]
        self._known = {key: work for key, work in self._known.items() if key in rest or start_of(key)}
        return found

    def _tree(self, entry: Launched, members: list[int]) -> Workload:
        if entry.root not in self._trees:
            self._trees[entry.root] = Workload(f"w{next(self._ids)}", entry.name, None, None, ())
        known = self._trees[entry.root]
        processes = tuple(ProcessId(pid, start_of(pid) or UNKNOWN_START) for pid in members)
        return Workload(known.id, known.name, None, None, processes, started_by_exec=True)

    def _process(self, pid: int) -> Workload:
        """The process as we met it; another one when the pid has been given out again since."""
        start = start_of(pid)
        known = self._known.get(pid)
        if known and start in (None, known.processes[0].start_ticks):
            return known
        name = (read(Path(f"/proc/{pid}/comm")) or "exited").rstrip("\n")
        met = Workload(f"w{next(self._ids)}", name, None, None, (ProcessId(pid, start or UNKNOWN_START),))
        self._known[pid] = met
        return met


def start_of(pid: int) -> int | None:
    """When the process started, in clock ticks after boot; None if it is gone."""
    stat = process_stat.read(pid)
    return stat.start_ticks if stat else None


def descendants(root: int) -> set[int]:
    """``root`` and every process below it, through /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN)."""
    found, queue = set(), [root]
    while queue:
        pid = queue.pop()
        if pid in found:
            continue
        found.add(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            queue += [int(word) for word in (read(children) or "").split()]
    return found
