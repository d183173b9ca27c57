"""The threads of a process, and what was forked from it, as /proc shows them (proc_pid_task(5))."""

import os
import time
from collections.abc import Callable, Iterable, Iterator

from llamas_bpf import process_children, process_stat
from llamas_bpf.act.entries import ThreadValue
from llamas_bpf.act.errors import Gone
from llamas_bpf.contracts.workload import ProcessId

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_STATE, _THREADS, _START = 0, 17, 19
_STAT_BYTES = 4096
_GONE = (FileNotFoundError, ProcessLookupError)
_ENDED = (b"Z", b"X")

#: What a thread has now; None for one that is never touched. Raises ProcessLookupError when it has ended.
Get = Callable[[int], str | None]


def now_ticks() -> int:
    """Clock ticks since boot, as start times are counted."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS_PER_S)


class Tasks:
    """The threads of one process, to be looked at again and again. Gone once it has ended.

    Its own stat file is kept open, which stays that of the same process even when its pid is given out again;
    and the directory of its threads, once there are several: to list them takes longer than all the rest.
    Raises OSError for what does not mean that it has ended.
    """

    def __init__(self, process: ProcessId) -> None:
        self._process = process
        self._where = f"/proc/{process.pid}/task"
        self._directory: int | None = None

    def __enter__(self) -> "Tasks":
        try:
            self._own = os.open(f"{self._where}/{self._process.pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except _GONE:
            raise self._gone() from None
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        os.close(self._own)
        if self._directory is not None:
            os.close(self._directory)
        if isinstance(error, _GONE):
            raise self._gone() from None

    def scan(self, get: Get) -> tuple[list[ThreadValue], int]:
        """Every thread that may be touched, and how many may not."""
        own = self._look()
        alone = own[_THREADS] == b"1"
        if alone and own[_STATE] in _ENDED:
            raise self._gone()
        found, others = [], 0
        for tid in [self._process.pid] if alone else self._tids():
            try:
                value = get(tid)
            except ProcessLookupError:
                continue
            if value is None:
                others += 1
                continue
            start = self._start(tid)
            if start is not None:
                found.append(ThreadValue(tid=tid, start_ticks=start, value=value))
        return found, others

    def still(self, threads: Iterable[ThreadValue]) -> list[ThreadValue]:
        """Those that have not ended: their ids may have been given out again."""
        self._look()
        return [one for one in threads if self._start(one.tid) == one.start_ticks]

    def _look(self) -> list[bytes]:
        words = process_stat.fields(os.pread(self._own, _STAT_BYTES, 0))
        if int(words[_START]) != self._process.start_ticks:
            raise Gone(f"process {self._process.pid} has ended, and its pid was given out again")
        return words

    def _tids(self) -> list[int]:
        return [int(name) for name in os.listdir(self._opened())]  # noqa: PTH208 - pathlib knows no open ones

    def _opened(self) -> int:
        if self._directory is None:
            self._directory = os.open(self._where, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._look()  # it has not ended meanwhile: so the directory is its own
        return self._directory

    def _start(self, tid: int) -> int | None:
        if tid == self._process.pid:
            return self._process.start_ticks
        directory = self._opened()
        try:
            file = os.open(f"{tid}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
            try:
                return int(process_stat.fields(os.read(file, _STAT_BYTES))[_START])
            finally:
                os.close(file)
        except _GONE:
            return None

    def _gone(self) -> Gone:
        return Gone(f"process {self._process.pid} has ended")


def scan(process: ProcessId, get: Get) -> tuple[list[ThreadValue], int]:
    """Looks at them once; as ``Tasks``."""
    with Tasks(process) as threads:
        return threads.scan(get)


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


def _start_of(tid: int) -> int | None:
    stat = process_stat.read_or_fail(tid)
    return stat.start_ticks if stat and stat.state.encode() not in _ENDED else None
