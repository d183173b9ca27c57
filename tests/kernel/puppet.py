"""A process that does what it is told: makes threads, forks.

One command a line on stdin, one answer a line on stdout.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main() -> None:
    """``thread``: start one, give its id. ``fork``: a child, likewise. ``flood N``: N threads, one by one."""
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        print(COMMANDS[word](rest), flush=True)


def start_thread(_: str) -> int:
    thread = threading.Thread(target=time.sleep, args=(3600,), daemon=True)
    thread.start()
    assert thread.native_id is not None
    return thread.native_id


def fork(_: str) -> int:
    pid = os.fork()
    if pid == 0:
        time.sleep(3600)
        os._exit(0)
    return pid


def flood(count: str) -> int:
    """Threads that go on to be born after the answer, for a while."""
    threading.Thread(target=_flood, args=(int(count),), daemon=True).start()
    return 0


def _flood(count: int) -> None:
    for _ in range(count):
        threading.Thread(target=time.sleep, args=(0.3,), daemon=True).start()
        time.sleep(0.0005)


COMMANDS = {"thread": start_thread, "fork": fork, "flood": flood}


class Puppet:
    """The process, from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.pid = process.pid
        from llamas_bpf import process_stat  # not for the process itself, which needs no more than Python

        stat = process_stat.read(process.pid)
        assert stat is not None
        self.start_ticks = stat.start_ticks

    def tell(self, command: str) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def masks(self) -> dict[int, set[int]]:
        """The CPUs of every thread, by its id."""
        found = {}
        for entry in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                found[int(entry.name)] = os.sched_getaffinity(int(entry.name))
            except ProcessLookupError:
                continue
        return found


@contextmanager
def puppet() -> Iterator[Puppet]:
    """One that lives as long as the block, with what it forked."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        found = Puppet(process)
        try:
            yield found
        finally:
            os.killpg(process.pid, 9)


if __name__ == "__main__":
    main()
