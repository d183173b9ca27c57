"""The threads of a process, and what was forked from it, as /proc shows them (proc_pid_task(5))."""

import os
import time
from collections.abc import Callable, Iterable, Iterator

from llamas_bpf import process_children, process_stat
from llamas_bpf.act.entries import ThreadValue
from llamas_bpf.act.errors import Gone
from llamas_bpf.contracts.workload import ProcessId

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_STATE, _START = 0, 19
_GONE = (FileNotFoundError, ProcessLookupError)
_ENDED = (b"Z", b"X")

#: What a thread has now; None for one that is never touched. Raises ProcessLookupError when it has ended.
Get = Callable[[int], str | None]


def now_ticks() -> int:
    """Clock ticks since boot, as start times are counted."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS_PER_S)


def scan(process: ProcessId, get: Get) -> tuple[list[ThreadValue], int]:
    """Every thread that may be touched, and how many may not. Gone if that process has ended.

    All is opened relative to one directory, which stays that of the same process even when its pid is given
    out again. Raises OSError for what does not mean that it has ended.
    """
    with _Tasks(process) as directory:
        names = os.listdir(directory)  # noqa: PTH208 - pathlib knows no open directories
        _check(process, directory, alone=len(names) == 1)
        return _values(process, directory, names, get)


def still(process: ProcessId, threads: Iterable[ThreadValue]) -> list[ThreadValue]:
    """Those that have not ended: their ids may have been given out again. Gone if the process has ended."""
    with _Tasks(process) as directory:
        _check(process, directory, alone=False)
        return [
            one for one in threads if one.tid == process.pid or _start(directory, one.tid) == one.start_ticks
        ]


def born_since(process: ProcessId, at_ticks: int, get: Get) -> Iterator[ThreadValue]:
    """Threads of the processes below this one that are no older than ``at_ticks``."""
    queue = [process]
    while queue:
        parent = queue.pop()
        for pid in process_children.of(parent.pid):
            stat = process_stat.read_or_fail(pid)
            if stat is None or stat.parent != parent.pid or stat.start_ticks < at_ticks:
                continue
            child = ProcessId(pid, stat.start_ticks)
            queue.append(child)
            try:
                yield from scan(child, get)[0]
            except Gone:
                continue


def living(noted: Iterable[ThreadValue], at_ticks: int, get: Get) -> Iterator[ThreadValue]:
    """Threads of the processes of those that still live, and of the processes below them.

    Such a process is no child of the one it came from any more when its parent has ended.
    """
    seen: set[tuple[int, int]] = set()
    for one in noted:  # the first thread of a process was noted first
        if one.key in seen or _start_of(one.tid) != one.start_ticks:
            continue
        process = ProcessId(one.tid, one.start_ticks)
        try:
            found = [*scan(process, get)[0], *born_since(process, at_ticks, get)]
        except Gone:
            continue
        yield from (thread for thread in found if thread.key not in seen)
        seen |= {one.key, *(thread.key for thread in found)}


class _Tasks:
    """The open directory of a process's threads. What the kernel answers once it has ended becomes Gone."""

    def __init__(self, process: ProcessId) -> None:
        self._pid = process.pid

    def __enter__(self) -> int:
        try:
            self._directory = os.open(f"/proc/{self._pid}/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except _GONE:
            raise self._gone() from None
        return self._directory

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        os.close(self._directory)
        if isinstance(error, _GONE):
            raise self._gone() from None

    def _gone(self) -> Gone:
        return Gone(f"process {self._pid} has ended")


def _check(process: ProcessId, directory: int, alone: bool) -> None:
    words = _stat(directory, process.pid)
    if words is None or (alone and words[_STATE] in _ENDED):
        raise Gone(f"process {process.pid} has ended")
    if int(words[_START]) != process.start_ticks:
        raise Gone(f"process {process.pid} has ended, and its pid was given out again")


def _values(process: ProcessId, directory: int, names: list[str], get: Get) -> tuple[list[ThreadValue], int]:
    found, others = [], 0
    for tid in map(int, names):
        try:
            value = get(tid)
        except ProcessLookupError:
            continue
        if value is None:
            others += 1
            continue
        start = process.start_ticks if tid == process.pid else _start(directory, tid)
        if start is not None:
            found.append(ThreadValue(tid=tid, start_ticks=start, value=value))
    return found, others


def _start(directory: int, tid: int) -> int | None:
    words = _stat(directory, tid)
    return int(words[_START]) if words else None


def _start_of(tid: int) -> int | None:
    stat = process_stat.read_or_fail(tid)
    return stat.start_ticks if stat and stat.state.encode() not in _ENDED else None


def _stat(directory: int, tid: int) -> list[bytes] | None:
    try:
        file = os.open(f"{tid}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            text = os.read(file, 4096)
        finally:
            os.close(file)
    except _GONE:
        return None
    # The command comes before field 3, may hold spaces and parentheses, and is anybody's to choose.
    return text[text.rindex(b")") + 2 :].split()
