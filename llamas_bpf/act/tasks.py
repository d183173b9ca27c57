"""The threads of a process, and what was forked from it, as /proc shows them (proc_pid_task(5))."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from llamas_bpf import process_stat
from llamas_bpf.act.entries import ThreadValue
from llamas_bpf.act.errors import Gone
from llamas_bpf.contracts.workload import ProcessId

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_STATE, _START = 0, 19
_ENDED = (b"Z", b"X")
_LISTED = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists()

#: What a thread has now; None for one that is never touched. Raises ProcessLookupError when it has ended.
Get = Callable[[int], str | None]


def now_ticks() -> int:
    """Clock ticks since boot, as start times are counted."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS_PER_S)


def scan(process: ProcessId, get: Get, starts: Mapping[int, int]) -> tuple[list[ThreadValue], int]:
    """Every thread that may be touched, and how many may not. Gone if that process has ended.

    ``starts`` are start times that were read already, by thread id. All is opened relative to one directory,
    which stays that of the same process even when its pid is given out again.
    """
    with _tasks(process) as directory:
        names = os.listdir(directory)  # noqa: PTH208 - pathlib knows no open directories
        _check(process, directory, alone=len(names) == 1)
        return _values(directory, names, get, starts)


def check(process: ProcessId) -> None:
    """Gone unless it is still the process that is meant."""
    with _tasks(process) as directory:
        _check(process, directory, alone=False)


def born_since(process: ProcessId, at_ticks: int, get: Get) -> Iterator[ThreadValue]:
    """Threads of the processes below this one that are no older than ``at_ticks``."""
    queue = [process]
    while queue:
        parent = queue.pop()
        for pid in _children(parent.pid):
            stat = process_stat.read(pid)
            if stat is None or stat.parent != parent.pid or stat.start_ticks < at_ticks:
                continue
            child = ProcessId(pid, stat.start_ticks)
            queue.append(child)
            try:
                yield from scan(child, get, {})[0]
            except Gone:
                continue


@contextmanager
def _tasks(process: ProcessId) -> Iterator[int]:
    try:
        directory = os.open(f"/proc/{process.pid}/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise Gone(f"process {process.pid} has ended") from None
    try:
        yield directory
    except (FileNotFoundError, ProcessLookupError):
        raise Gone(f"process {process.pid} has ended") from None
    finally:
        os.close(directory)


def _check(process: ProcessId, directory: int, alone: bool) -> None:
    words = _stat(directory, process.pid)
    if words is None or (alone and words[_STATE] in _ENDED):
        raise Gone(f"process {process.pid} has ended")
    if int(words[_START]) != process.start_ticks:
        raise Gone(f"process {process.pid} has ended, and its pid was given out again")


def _values(
    directory: int, names: list[str], get: Get, starts: Mapping[int, int]
) -> tuple[list[ThreadValue], int]:
    found, others = [], 0
    for tid in map(int, names):
        try:
            value = get(tid)
        except ProcessLookupError:
            continue
        if value is None:
            others += 1
            continue
        start = starts.get(tid) or _start(directory, tid)
        if start is not None:
            found.append(ThreadValue(tid=tid, start_ticks=start, value=value))
    return found, others


def _start(directory: int, tid: int) -> int | None:
    words = _stat(directory, tid)
    return int(words[_START]) if words else None


def _stat(directory: int, tid: int) -> list[bytes] | None:
    try:
        file = os.open(f"{tid}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            text = os.read(file, 4096)
        finally:
            os.close(file)
    except OSError:
        return None
    # The command comes before field 3, may hold spaces and parentheses, and is anybody's to choose.
    return text[text.rindex(b")") + 2 :].split()


def _children(pid: int) -> list[int]:
    """By the kernel's own list (CONFIG_PROC_CHILDREN), which may miss one while others end: callers look
    again until there is nothing left to do. Where it is not built, by everybody's parent."""
    if not _LISTED:
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [each for each in pids if (stat := process_stat.read(each)) and stat.parent == pid]
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended, and its children were given to another one
            found += [int(word) for word in path.read_text("ascii").split()]
    return found
