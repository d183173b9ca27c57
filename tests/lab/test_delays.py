"""Delays that are known to have happened, as the kernel accounts them; a guest's switch may be turned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llamas_bpf import machine, process_stat
from llamas_bpf.digest.delays import Delays
from llamas_bpf.machine import nodes

SWITCH = Path("/proc/sys/kernel/task_delayacct")
GROUP = Path("/sys/fs/cgroup/delays")
HUGE = Path("/sys/kernel/mm/transparent_hugepage")
MIB = 1 << 20
HERE = machine.read()

SPIN = """
print("up", flush=True)
while True:
    pass
"""
#: Walks again and again through sys.argv[1] MiB, and says so after each walk.
WALK = """
import mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]) << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for line in sys.stdin:
    for offset in range(0, len(memory), 4096):
        memory[offset] = 1
    print("walked", flush=True)
"""
#: Leaves of sys.argv[1] MiB every other 64 KiB, so that there is no huge page; then wants some. All of it on
#: node sys.argv[2] alone (set_mempolicy(2), MPOL_BIND).
FRAGMENT = """
import ctypes, mmap, sys
mask = ctypes.c_ulong(1 << int(sys.argv[2]))
assert ctypes.CDLL(None).syscall(238, 2, ctypes.byref(mask), 64) == 0
anonymous = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
memory = mmap.mmap(-1, int(sys.argv[1]) << 20, anonymous)
memory.madvise(mmap.MADV_NOHUGEPAGE)
memory.madvise(23)  # MADV_POPULATE_WRITE
for offset in range(0, len(memory), 128 << 10):
    memory.madvise(mmap.MADV_DONTNEED, offset, 64 << 10)
huge = mmap.mmap(-1, 128 << 20, anonymous)
huge.madvise(mmap.MADV_HUGEPAGE)
for line in sys.stdin:
    for offset in range(0, len(huge), 4096):
        huge[offset] = 1
    print("walked", flush=True)
"""


@pytest.fixture
def delays() -> Iterator[Delays]:
    before = SWITCH.read_text()
    SWITCH.write_text("1")
    opened = Delays.open()
    assert opened.missing == ""
    yield opened
    opened.close()
    SWITCH.write_text(before)


@pytest.fixture
def slow_swap() -> Iterator[None]:
    """On disk only: Linux 6.1 counts thrashing where a page is waited for, and zram's is there at once."""
    swaps = [line.split()[0] for line in Path("/proc/swaps").read_text().splitlines()[1:]]
    compressed = [swap for swap in swaps if "zram" in swap]
    if swaps == compressed:
        pytest.skip("kernel feature: swap on a disk (topology swap)")
    subprocess.run(["swapoff", *compressed], check=True)
    yield
    subprocess.run(["swapon", "--priority", "100", *compressed], check=True)


@contextmanager
def program(text: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", text, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def walk(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "walked\n"


def walk_until_it_thrashes(delays: Delays, process: subprocess.Popen[str]) -> None:
    """The kernel has to see a page come back more than once."""
    deadline = time.monotonic() + 90
    while delays.read([process.pid])["delay.thrashing_ns"] == 0 and time.monotonic() < deadline:
        walk(process)


def grown(delays: Delays, pid: int, during: Callable[[], object]) -> tuple[dict[str, float], float]:
    """What it waited meanwhile, and how long that was; in ns."""
    (waited,), lasted = all_grown(delays, [pid], during)
    return waited, lasted


def all_grown(
    delays: Delays, pids: list[int], during: Callable[[], object]
) -> tuple[list[dict[str, float]], float]:
    """The same of each of them."""
    before, began = [delays.read([pid]) for pid in pids], time.monotonic_ns()
    during()
    after, lasted = [delays.read([pid]) for pid in pids], time.monotonic_ns() - began
    pairs = zip(before, after, strict=True)
    return [{name: then[name] - first[name] for name in then} for first, then in pairs], lasted


def test_off_it_names_the_switch_and_turns_nothing() -> None:
    before = SWITCH.read_text()
    SWITCH.write_text("0")
    closed = Delays.open()
    assert "sysctl kernel.task_delayacct=1" in closed.missing
    assert closed.read([os.getpid()]) == {}
    assert SWITCH.read_text() == "0\n"
    SWITCH.write_text(before)


def schedstat(pid: int) -> tuple[int, int]:
    """What it ran and what it waited for a CPU so far, in ns (Documentation/scheduler/sched-stats.rst)."""
    ran, waited, _ = map(int, Path(f"/proc/{pid}/schedstat").read_text().split())
    return ran, waited


def stop(process: subprocess.Popen[str]) -> None:
    """So that its figures stand still."""
    process.send_signal(signal.SIGSTOP)
    while (stat := process_stat.read(process.pid)) is None or stat.state != "T":
        time.sleep(0.01)


def test_of_two_that_share_a_cpu_one_waits_while_the_other_runs(delays: Delays) -> None:
    with program(SPIN) as one, program(SPIN) as other:
        pids, ran = [one.pid, other.pid], [0, 0]
        for process in (one, other):
            os.sched_setaffinity(process.pid, {1})
            assert process.stdout is not None and process.stdout.readline() == "up\n"

        def share() -> None:
            before = [schedstat(pid)[0] for pid in pids]
            time.sleep(2)
            ran[:] = [schedstat(pid)[0] - first for pid, first in zip(pids, before, strict=True)]

        each, lasted = all_grown(delays, pids, share)
        for waited, own, others in zip(each, ran, reversed(ran), strict=True):
            # How they share it is the scheduler's. A wait counts when it ends.
            assert min(own, others) > 0.1 * lasted
            assert others - 0.1 * lasted < waited["delay.cpu_ns"] < 1.1 * lasted - own
        for process in (one, other):
            stop(process)
        by_schedstat = sum(schedstat(pid)[1] for pid in pids)
        assert delays.read(pids)["delay.cpu_ns"] == by_schedstat
        assert delays.read([*pids, 4_000_000])["delay.cpu_ns"] == by_schedstat


def test_memory_beyond_its_limit_is_waited_for(delays: Delays, slow_swap: None) -> None:
    """memory.high makes the process reclaim its own memory, and swap in what it walks through again."""
    GROUP.mkdir()
    (GROUP / "memory.high").write_text(str(12 * MIB))
    try:
        with program(WALK, "24") as walker, program(WALK, "1") as idle:
            (GROUP / "cgroup.procs").write_text(str(walker.pid))
            waited, lasted = grown(delays, walker.pid, lambda: walk_until_it_thrashes(delays, walker))
            untouched, _ = grown(delays, idle.pid, lambda: walk(idle))
    finally:
        GROUP.rmdir()
    memory = ("delay.reclaim_ns", "delay.swapin_ns", "delay.thrashing_ns")
    assert all(0 < waited[name] < lasted for name in memory), waited
    assert not any(untouched[name] for name in memory), untouched


def test_a_huge_page_is_waited_for_where_memory_is_in_pieces(delays: Delays) -> None:
    if not HUGE.exists():
        pytest.skip("kernel feature: transparent huge pages")
    # Of the last node with processors: the smallest, where there are several.
    node = HERE.cpus[-1].node
    free_mib = nodes.meminfo(node)["MemFree"] // MIB
    with program(FRAGMENT, str(free_mib * 95 // 100), str(node)) as wants:
        waited, lasted = grown(delays, wants.pid, lambda: walk(wants))
    assert 0 < waited["delay.compaction_ns"] < lasted


def test_a_process_older_than_the_accounting_has_only_its_waits_for_a_cpu() -> None:
    before = SWITCH.read_text()
    SWITCH.write_text("0")
    with program(WALK, "1") as old:
        walk(old)
        SWITCH.write_text("1")
        opened = Delays.open()
        walk(old)
        stop(old)
        found = opened.read([old.pid])
        waited_ns = schedstat(old.pid)[1]
        opened.close()
    SWITCH.write_text(before)
    assert found.pop("delay.cpu_ns") == waited_ns
    assert set(found.values()) == {0.0}
