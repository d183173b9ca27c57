"""Who was forked from a process and lives, as /proc/PID/task/TID/children tells (proc_tid_children(5))."""

import os
from contextlib import suppress
from pathlib import Path

from llamas_bpf import process_stat, procfs

_GONE = (FileNotFoundError, ProcessLookupError)
#: Whether the kernel tells (CONFIG_PROC_CHILDREN).
_LISTED = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists()


def of(pid: int) -> list[int]:
    """Their pids; none when it has ended. Raises any other OSError.

    The kernel's list may miss one while others end: callers look again until there is nothing left to do.
    Where there is none, everybody is asked for its parent.
    """
    if not _LISTED:
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        stats = ((each, process_stat.read_or_fail(each)) for each in pids)
        return [each for each, stat in stats if stat and stat.parent == pid]
    found: list[int] = []
    with suppress(*_GONE):
        for tid in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - a Path doubles what it takes
            with suppress(*_GONE):  # the thread has ended, and its children were given to another one
                found += map(int, procfs.read(f"/proc/{pid}/task/{tid}/children").split())
    return found
