"""A process that holds memory, and what the kernel says of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llamas_bpf import process_stat
from llamas_bpf.contracts.action import Pages, PagesName

MIB = 1 << 20

#: Touches so many MiB of small pages, says so, and waits for its end.
HOLDS = """
import mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]) << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for offset in range(0, len(memory), 4096):
    memory[offset] = 1
print("up", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(mib: int) -> Iterator[int]:
    """Its pid."""
    command = [sys.executable, "-c", HOLDS, str(mib)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        while (stat := process_stat.read(process.pid)) and stat.state != "S":
            pass  # it still uses memory on its way to waiting
        try:
            yield process.pid
        finally:
            process.kill()


def pages(pid: int, knob: PagesName) -> Pages:
    """Of the process that has this pid now."""
    stat = process_stat.read(pid)
    assert stat is not None
    return Pages(pid=pid, start_ticks=stat.start_ticks, knob=knob)


def figure_bytes(pid: int, file: str, key: str) -> int:
    """A line of /proc/PID/FILE, such as ``Referenced`` of smaps_rollup."""
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"{file} has no line {key}")
