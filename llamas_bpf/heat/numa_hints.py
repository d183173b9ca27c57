"""The working set from NUMA balancing's hint faults, of processes with several threads.

NUMA balancing passes again and again over a process's memory and takes its pages away in the page tables;
the next access to one faults, once, and gives it back (kernel/sched/fair.c, task_numa_work() and
task_numa_fault()). So the pages that faulted in a pass are those that were used in it, each counted once, by
the thread that came first. The kernel shows the sum per thread with the past halved at each pass; what the
last pass added can be told from two readings of it (task_numa_placement(); /proc/PID/task/TID/sched).

- working set: used during the last whole pass. That takes seconds to minutes: the kernel passes more slowly
  over what stays where it is. It is the least that was used: what it sees no use in moving is not looked at
  (pages of a single thread on the node that it runs on, read-only files, since 6.4 also mappings that the
  thread which does the pass has not used lately: vma_is_accessed()).
- hot and cold: NaN. A page faults at most once in a pass, however often it is used; what was not looked at
  and what was not used are the same.

Nothing is written; NUMA balancing is as the administrator has it. The cost is a file per thread and window.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from llamas_bpf import process_stat
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.heat.source import Heat, Kind, UnusableError

NAME = "numa hints"
WORKLOADS = 8
PROCESSES, THREADS = 16, 64  # of a workload, of a process

BALANCING = Path("/proc/sys/kernel/numa_balancing")
NODES = Path("/sys/devices/system/node/has_memory")
#: Of the bits of that setting: 2, alone, is for memory tiers, and looks at the slower ones only.
BETWEEN_NODES = 0x1

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LINES = re.compile(r"^(mm->numa_scan_seq|total_numa_faults)\s*:\s*(\d+)$", re.MULTILINE)


def why_not() -> str | None:
    """What keeps hint faults from telling anything, found without a change to anything."""
    try:
        mode = int(BALANCING.read_text(encoding="ascii"))
    except OSError:
        return "NUMA hint faults need NUMA balancing: a kernel with CONFIG_NUMA_BALANCING has it"
    if NODES.read_text(encoding="ascii").strip().isdigit():
        return "NUMA hint faults need several nodes with memory, and this machine has one"
    if not mode & BETWEEN_NODES:
        return f"NUMA balancing between nodes is switched off: echo {mode | BETWEEN_NODES} > {BALANCING}"
    if read_thread("self", "self") is None:
        return "NUMA hint faults are not shown: a kernel with CONFIG_SCHED_DEBUG has them in /proc/PID/sched"
    return None


def open_source(_machine: Machine) -> "NumaHints":
    """Ready to look. Raises UnusableError where there are no hint faults."""
    if reason := why_not():
        raise UnusableError(reason)
    return NumaHints()


KIND = Kind(NAME, why_not, open_source)


@dataclass(frozen=True)
class Faults:
    """A thread's pages that faulted, the past halved at each pass; and how many passes there were."""

    passes: int
    total: int


@dataclass(frozen=True)
class Thread:
    """``last`` when its sum was seen to change, and ``added`` by the pass that changed it; None: not yet."""

    last: Faults
    added: int | None = None

    def after(self, now: Faults) -> "Thread":
        if now.total == self.last.total:
            return self
        return Thread(now, max(now.total - self.last.total // 2, 0))

    def added_lately(self, passes: int) -> int:
        """A thread that does not fault any more keeps its sum."""
        return self.added or 0 if passes - self.last.passes <= 1 else 0


class NumaHints:
    """Keeps what each thread's sum was."""

    name = NAME
    limits = (
        "NUMA hint faults tell only a least working set, of processes with several threads; DAMON tells "
        "more: use a kernel with CONFIG_DAMON_SYSFS and CONFIG_DAMON_VADDR"
    )

    def __init__(self) -> None:
        self._threads: dict[tuple[int, int, str], Thread] = {}

    def refresh(self, workloads: Sequence[Workload]) -> dict[str, Heat]:
        if reason := why_not():
            raise UnusableError(reason)
        before, self._threads = self._threads, {}
        pages = {work.id: self._pages(work, before) for work in workloads[:WORKLOADS]}
        nan = float("nan")
        return {id_: Heat(found * _PAGE_BYTES, nan, nan, NAME) for id_, found in pages.items() if found}

    def close(self) -> None:
        """There is nothing of ours in the kernel."""

    def _pages(self, workload: Workload, before: dict[tuple[int, int, str], Thread]) -> int:
        """0 is unknown: a process that is not looked at does not fault."""
        used = 0
        for process in workload.processes[:PROCESSES]:
            stat = process_stat.read(process.pid)
            if stat is None or stat.start_ticks != process.start_ticks:
                continue
            for tid, now in _threads(process.pid):
                key = (process.pid, process.start_ticks, tid)
                thread = before[key].after(now) if key in before else Thread(now)
                self._threads[key] = thread
                used += thread.added_lately(now.passes)
        return used


def read_thread(pid: int | str, tid: int | str) -> Faults | None:
    """None where the thread has ended, or the kernel does not tell."""
    where = f"/proc/{pid}/sched" if tid == "self" else f"/proc/{pid}/task/{tid}/sched"
    try:
        return parse(Path(where).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def parse(text: str) -> Faults | None:
    """Of /proc/PID/task/TID/sched."""
    found = dict(_LINES.findall(text))
    if len(found) < 2:
        return None
    return Faults(passes=int(found["mm->numa_scan_seq"]), total=int(found["total_numa_faults"]))


def _threads(pid: int) -> Iterator[tuple[str, Faults]]:
    try:
        tids = [path.name for path in islice(Path(f"/proc/{pid}/task").iterdir(), THREADS)]
    except OSError:
        return
    for tid in tids:
        if faults := read_thread(pid, tid):
            yield tid, faults
