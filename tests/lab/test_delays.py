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

from llamas_bpf.digest.delays import Delays

SWITCH = Path("/proc/sys/kernel/task_delayacct")
GROUP = Path("/sys/fs/cgroup/delays")
HUGE = Path("/sys/kernel/mm/transparent_hugepage")
MIB = 1 << 20

SPIN = "while True: pass"
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
#: Leaves of sys.argv[1] MiB every other 64 KiB, so that there is no huge page; then wants some.
FRAGMENT = """
import mmap, sys
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


def test_two_that_share_a_cpu_wait_half_of_the_time(delays: Delays) -> None:
    with program(SPIN) as one, program(SPIN) as other:
        for process in (one, other):
            os.sched_setaffinity(process.pid, {1})
        time.sleep(1)
        pids = [one.pid, other.pid]
        each, lasted = all_grown(delays, pids, lambda: time.sleep(5))
        for waited in each:
            assert 0.4 * lasted < waited["delay.cpu_ns"] < 0.6 * lasted
        # Whom it does not run: its figures stand still.
        for process in (one, other):
            process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        by_schedstat = [int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) for pid in pids]
        assert delays.read(pids)["delay.cpu_ns"] == sum(by_schedstat)
        assert delays.read([*pids, 4_000_000])["delay.cpu_ns"] == sum(by_schedstat)


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
    free_mib = os.sysconf("SC_AVPHYS_PAGES") * 4096 // MIB
    with program(FRAGMENT, str(free_mib * 95 // 100)) as wants:
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
        old.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        found = opened.read([old.pid])
        run_delay_ns = int(Path(f"/proc/{old.pid}/schedstat").read_text().split()[1])
        opened.close()
    SWITCH.write_text(before)
    assert found.pop("delay.cpu_ns") == run_delay_ns
    assert set(found.values()) == {0.0}
