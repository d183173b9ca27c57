"""Is anything in it that must never be touched?

Told by cgroup, executable and user: a command name is anybody's to choose. The guard reads /proc for this; it
writes nothing.
"""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from llamas_bpf import own, process_stat, procfs
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.limits import Protect
from llamas_bpf.shown import plain

ORDER = 40

PF_KTHREAD = 0x00200000  # include/linux/sched.h


def check(case: Case) -> str | None:
    workload = case.workload
    if workload is None or case.machine_wide:
        return None
    known = case.window.objections
    if workload.id not in known:
        known[workload.id] = _objection(case, workload)
    return known[workload.id]


def _objection(case: Case, workload: Workload) -> str | None:
    """Of any process of it: asked once a window, however many actions there are."""
    protect = case.limits.protect
    if inside := _inside(workload.cgroup, protect.cgroups):
        return f"{case.who} is in the protected cgroup {inside}"
    for pid in _members(workload, case.situation.machine.cgroup_mount):
        if objection := _ours(pid) or _listed(pid, protect):
            return f"{case.who} {objection} (pid {pid})"
    return None


def _ours(pid: int) -> str | None:
    """What is protected whatever limits.toml says, beside kernel threads."""
    if pid == 1:
        return "holds process 1"
    if own.holds(pid):
        return "holds llamas-bpf itself"
    return None


def _listed(pid: int, protect: Protect) -> str | None:
    try:
        executable = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")  # noqa: PTH115 - as below
        # Only what is asked for: of these files the kernel makes up whole pages.
        users = _users(pid) if protect.users else set()
        cgroup = _cgroup_of(pid) if protect.cgroups else None
    except OSError as error:
        return _unreadable(pid, error)
    if executable in protect.executables:
        return f"holds {plain(executable)}, a protected executable"
    for name in protect.users:
        if pwd.getpwnam(name).pw_uid in users:
            return f"holds a process of {name}, a protected user"
    if inside := _inside(cgroup, protect.cgroups):
        return f"has a process in the protected cgroup {inside}"
    return None


def _unreadable(pid: int, error: OSError) -> str | None:
    """A kernel thread always is: it has no executable (kernel/fork.c, get_task_exe_file)."""
    stat = process_stat.read(pid)
    if stat and stat.flags & PF_KTHREAD:
        return "holds a kernel thread"
    ended = stat is None or stat.state == "Z"
    return None if ended else f"has a process that cannot be looked at: {error.strerror}"


def _members(workload: Workload, mount: str | None) -> Iterator[int]:
    """Every process of the workload: its cgroup's, with all cgroups below, for those the digest left out."""
    seen = {process.pid for process in workload.processes}
    yield from seen
    if workload.cgroup is not None and mount is not None:
        for directory, _, _ in os.walk(mount + workload.cgroup):
            for pid in _pids(Path(directory) / "cgroup.procs"):
                if pid not in seen:
                    seen.add(pid)
                    yield pid


def _pids(procs: Path) -> list[int]:
    try:
        return [int(word) for word in procs.read_text(encoding="ascii").split()]
    except OSError:
        return []


def _users(pid: int) -> set[int]:
    """Real, effective, saved and file-system user ids (proc_pid_status(5))."""
    for line in procfs.read(f"/proc/{pid}/status").splitlines():
        if line.startswith(b"Uid:"):
            return {int(word) for word in line.split()[1:]}
    return set()


def _cgroup_of(pid: int) -> str | None:
    lines = procfs.read(f"/proc/{pid}/cgroup").splitlines()
    return next((os.fsdecode(line[3:]) for line in lines if line.startswith(b"0::")), None)


def _inside(cgroup: str | None, protected: tuple[str, ...]) -> str | None:
    for one in protected:
        if cgroup is not None and (cgroup + "/").startswith(one.rstrip("/") + "/"):
            return plain(one)
    return None
