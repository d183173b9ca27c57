"""Who is who: event keys (cgroup ids, or tgids) to workloads with ids that are never reused."""

import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from llamas_bpf import process_stat
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload
from llamas_bpf.digest.kernel_files import read

#: A process that ended before it could be looked at has no known start.
UNKNOWN_START = 0

#: Events of cgroups that came and went within one window: nobody can say any more which they were.
ENDED = Workload("w0", "ended", None, None, ())

LEAF_LINKS = 2


class Cgroups:
    """Workloads are cgroups: the key of an event is its cgroup id, which is the directory's inode number.

    What ``exec`` started is one workload with all cgroups below its own.
    """

    def __init__(self, mount: Path) -> None:
        self._mount = mount
        self._ids = itertools.count(1)
        self._known: dict[int, Workload] = {}

    def resolve(self, keys: Iterable[int], launched: Iterable[Launched]) -> list[tuple[Workload, list[int]]]:
        """Each workload with its keys: those seen in events, and those started by ``exec`` even if idle."""
        homes = {entry.cgroup: entry for entry in launched if entry.cgroup_id is not None}
        wanted = {key for key in keys if key} | {entry.cgroup_id or 0 for entry in homes.values()}
        if wanted - self._known.keys():
            self._scan()
        members: dict[int, list[int]] = {}
        for key in sorted(wanted & self._known.keys()):
            members.setdefault(self._home_of(key, homes), []).append(key)
        found = [(self._current(home, homes), own) for home, own in members.items()]
        if ended := sorted(wanted - self._known.keys()):
            found.append((ENDED, ended))
        # Only now: what was removed within this window is still named in it.
        self._known = {key: work for key, work in self._known.items() if self._exists(work)}
        return found

    def _scan(self) -> None:
        """Walk the hierarchy: needed only when an id appears that we have not met."""
        for directory, _, _ in os.walk(self._mount):
            try:
                key = Path(directory).stat().st_ino
            except FileNotFoundError:
                continue  # removed while we walk
            path = "/" + directory[len(str(self._mount)) :].strip("/")
            if key not in self._known or self._known[key].cgroup != path:
                self._known[key] = Workload(f"w{next(self._ids)}", path, path, key, ())

    def _home_of(self, key: int, homes: Mapping[str | None, Launched]) -> int:
        """The cgroup of ``exec`` at or above this one, else this one."""
        path = PurePosixPath(self._known[key].cgroup or "/")
        for place in (path, *path.parents):
            if entry := homes.get(str(place)):
                return entry.cgroup_id if entry.cgroup_id in self._known else key
        return key

    def _exists(self, workload: Workload) -> bool:
        try:
            return self.directory(workload).stat().st_ino == workload.cgroup_id
        except OSError:
            return False

    def _current(self, key: int, homes: Mapping[str | None, Launched]) -> Workload:
        known = self._known[key]
        started = homes.get(known.cgroup)
        pids = [int(word) for word in (read(self.directory(known) / "cgroup.procs") or "").split()]
        processes = tuple(ProcessId(pid, start_of(pid) or UNKNOWN_START) for pid in pids[:64] if pid)
        mine = started is not None and started.cgroup_id == key
        name = started.name if started and mine else known.name
        return Workload(known.id, name, known.cgroup, key, processes, started_by_exec=mine)

    def directory(self, workload: Workload) -> Path:
        """Where the workload's control files are."""
        return self._mount / (workload.cgroup or "").lstrip("/")

    def accounts(self, workload: Workload) -> bool:
        """Whether its files speak of it alone: figures of a cgroup hold those of all cgroups below."""
        if workload.started_by_exec or workload.cgroup is None:
            return workload.cgroup is not None
        try:
            # kernfs counts a directory's links as in any file system: two, and one for each below.
            return self.directory(workload).stat().st_nlink == LEAF_LINKS and workload.cgroup != "/"
        except OSError:
            return False


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
