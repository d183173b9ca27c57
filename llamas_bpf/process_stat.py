"""/proc/PID/stat (proc_pid_stat(5)), for telling a process from a later one that was given its pid."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stat:
    """``start_ticks`` is in clock ticks since boot; ``flags`` are PF_* of the kernel's linux/sched.h."""

    state: str
    parent: int
    flags: int
    start_ticks: int


def read(pid: int, thread: int | None = None) -> Stat | None:
    """A process's figures, or one thread's; None when it has ended."""
    where = f"/proc/{pid}/stat" if thread is None else f"/proc/{pid}/task/{thread}/stat"
    try:
        text = Path(where).read_bytes()
    except OSError:
        return None
    # The command comes before field 3, may hold spaces and parentheses, and is anybody's to choose.
    words = text[text.rindex(b")") + 2 :].split()
    return Stat(words[0].decode(), int(words[1]), int(words[6]), int(words[19]))
