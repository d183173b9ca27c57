"""/proc/PID/stat (proc_pid_stat(5)): a process's figures, and what tells it from a later one with its pid."""

import os
from dataclasses import dataclass

from llamas_bpf import procfs

_NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Stat:
    """``start_ticks`` is in clock ticks since boot; ``flags`` are PF_* of the kernel's linux/sched.h.

    ``major_faults`` and ``cpu_ns`` count since the start, ended threads included; the kernel tells CPU time
    in ticks of 10 ms.
    """

    state: str
    parent: int
    flags: int
    start_ticks: int
    major_faults: int
    cpu_ns: int
    resident_bytes: int


def read(pid: int, thread: int | None = None) -> Stat | None:
    """A process's figures, or one thread's; None when it has ended, or cannot be read."""
    try:
        return read_or_fail(pid, thread)
    except OSError:
        return None


def read_or_fail(pid: int, thread: int | None = None) -> Stat | None:
    """The same for those to whom it matters: None only when it has ended. Raises any other OSError."""
    where = f"/proc/{pid}/stat" if thread is None else f"/proc/{pid}/task/{thread}/stat"
    try:
        text = procfs.read(where)
    except (FileNotFoundError, ProcessLookupError):
        return None
    words = fields(text)
    return Stat(
        state=words[0].decode(),
        parent=int(words[1]),
        flags=int(words[6]),
        start_ticks=int(words[19]),
        major_faults=int(words[9]),
        cpu_ns=(int(words[11]) + int(words[12])) * _NS_PER_TICK,
        resident_bytes=int(words[21]) * _PAGE_BYTES,
    )


def fields(text: bytes) -> list[bytes]:
    """Those of a stat file from the third on: the state."""
    # The command comes before it, may hold spaces and parentheses, and is anybody's to choose.
    return text[text.rindex(b")") + 2 :].split()
