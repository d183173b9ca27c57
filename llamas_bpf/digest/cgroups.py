"""Who is who where workloads are cgroups: the key of an event is a cgroup id."""

import itertools
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from llamas_bpf import process_stat
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload
from llamas_bpf.digest.kernel_files import read
from llamas_bpf.native.cgroup import path_of

#: Events of cgroups that came and went within one window: nobody can say any more which they were.
ENDED = Workload("w0", "ended", None, None, ())

#: So many cgroups without events are looked up in a window, to forget those that are gone.
LOOKED_AFTER = 256
#: Of a cgroup, so many processes are told.
MOST_PROCESSES = 64
LEAF_LINKS = 2


class Cgroups:
    """Gives ids that are never reused. What ``exec`` started is one workload with all cgroups below."""

    def __init__(self, mount: Path) -> None:
        self._mount = mount
        self._ids = itertools.count(1)
        self._known: dict[int, Workload] = {}
        self._homes: dict[str, int] = {}
        self._home: dict[int, int] = {}

    def resolve(self, keys: Iterable[int], launched: Iterable[Launched]) -> list[tuple[Workload, list[int]]]:
        """Each workload with its keys: those seen in events, and those started by ``exec`` even if idle."""
        started = {entry.cgroup: entry for entry in launched if entry.cgroup and entry.cgroup_id}
        homes = {path: entry.cgroup_id or 0 for path, entry in started.items()}
        if homes != self._homes:
            self._homes, self._home = homes, {}
        wanted = {key for key in keys if key} | set(homes.values())
        for key in wanted - self._known.keys():
            self._meet(key)
        for path, entry in started.items():
            self._name(entry.cgroup_id or 0, path, entry)
        members: dict[int, list[int]] = {}
        for key in sorted(wanted & self._known.keys()):
            members.setdefault(self._home_of(key), []).append(key)
        found = [(self._known[home], own) for home, own in members.items()]
        if ended := sorted(wanted - self._known.keys()):
            found.append((ENDED, ended))
        self._forget_some(wanted)
        return found

    def with_processes(self, workload: Workload) -> Workload:
        """The same, with the processes that are in it now: a file to read, so only for those that matter."""
        if workload.cgroup_id not in self._known:
            return workload
        pids = [int(word) for word in (read(self.directory(workload) / "cgroup.procs") or "").split()]
        processes = tuple(
            ProcessId(pid, stat.start_ticks)
            for pid in pids[:MOST_PROCESSES]
            if pid and (stat := process_stat.read(pid))
        )
        found = replace(workload, processes=processes)
        self._known[workload.cgroup_id] = found
        return found

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

    def _meet(self, key: int) -> None:
        try:
            path = path_of(self._mount, key)
        except PermissionError:
            path = self._search(key)
        if path is not None:
            self._known[key] = Workload(f"w{next(self._ids)}", path, path, key, ())

    def _search(self, key: int) -> str | None:
        """Without the right to open a cgroup by its id there is only the walk through all of them."""
        for directory, _, _ in os.walk(self._mount):
            try:
                if Path(directory).stat().st_ino == key:
                    return "/" + directory[len(str(self._mount)) :].strip("/")
            except FileNotFoundError:
                continue  # removed while we walk
        return None

    def _name(self, key: int, path: str, entry: Launched) -> None:
        known = self._known.get(key)
        if known and known.cgroup == path and not known.started_by_exec:
            self._known[key] = replace(known, name=entry.name, started_by_exec=True, does=entry.does)

    def _home_of(self, key: int) -> int:
        """The cgroup of ``exec`` at or above this one, else this one."""
        if key not in self._home:
            path = PurePosixPath(self._known[key].cgroup or "/")
            above = (self._homes.get(str(place)) for place in (path, *path.parents))
            self._home[key] = next((home for home in above if home in self._known), key)
        return self._home[key]

    def _forget_some(self, active: set[int]) -> None:
        """Only after naming: what was removed within this window is still named in it."""
        for key in list(itertools.islice((key for key in self._known if key not in active), LOOKED_AFTER)):
            known = self._known.pop(key)
            try:
                if self.directory(known).stat().st_ino == key:
                    self._known[key] = known  # now the last in line
                    continue
            except OSError:
                pass
            self._home.pop(key, None)
