"""The memory of one process that cannot be mistaken for a later one with its pid."""

import os
import select
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llamas_bpf import process_stat
from llamas_bpf.act.errors import Gone, explained
from llamas_bpf.act.page_calls import Addresses
from llamas_bpf.contracts.action import Pages

#: Bit 63 of an entry of pagemap (Documentation/admin-guide/mm/pagemap.rst).
_PRESENT = np.uint64(1 << 63)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: So many pages of address space are looked at, and then acted on, at a time: 4 MiB.
STEP_PAGES = 1024
#: Locked, huge by hugetlbfs, or of a device (VmFlags, proc_pid_smaps(5)): the kernel would not move them.
_FIXED = {"lo", "ht", "pf", "io"}


@dataclass(frozen=True)
class Range:
    """A private anonymous mapping, and how much of it is there and was lately used, in bytes."""

    start: int
    end: int
    resident_bytes: int
    referenced_bytes: int


class ProcessMemory:
    """What is read and done by pid is the process's own as long as ``check`` does not raise Gone."""

    def __init__(self, target: Pages, pidfd: int) -> None:
        self.pid, self.pidfd = target.pid, pidfd
        self._directory = Path(f"/proc/{target.pid}")

    def check(self) -> None:
        """A pid is given out again only when its process has ended, which the descriptor tells."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if poll.poll(0):
            raise Gone(f"process {self.pid} has ended")

    def node_bytes(self) -> dict[int, int]:
        """Its pages on each node, those that it shares included (proc_pid_numa_maps(5))."""
        sizes: Counter[int] = Counter()
        for line in self._lines("numa_maps"):
            # A file's name comes before, with its blanks and line ends escaped.
            words = [word.partition("=") for word in line.split()]
            page = next((int(value) << 10 for key, _, value in words if key == "kernelpagesize_kB"), 0)
            for key, _, value in words:
                if key[:1] == "N" and key[1:].isdigit() and value.isdigit():
                    sizes[int(key[1:])] += int(value) * page
        return dict(sorted(sizes.items()))

    def referenced_bytes(self) -> int:
        """What the kernel has marked as used since it last looked (proc_pid_smaps_rollup(5))."""
        for line in self._lines("smaps_rollup"):
            if line.startswith("Referenced:"):
                return int(line.split()[1]) << 10
        return 0

    def ranges(self) -> list[Range]:
        """Where its own pages may be, without what cannot be moved; in the order of addresses."""
        found, head, figures = [], "", dict[str, str]()
        for line in self._lines("smaps"):
            key, _, rest = line.partition(" ")
            if not key.endswith(":"):
                head, figures = line, {}
                continue
            figures[key] = rest
            if key == "VmFlags:" and _is_own(head) and not _FIXED & set(rest.split()):
                start, _, end = head.split()[0].partition("-")
                sizes = (int(figures[name].split()[0]) << 10 for name in ("Rss:", "Referenced:"))
                found.append(Range(int(start, 16), int(end, 16), *sizes))
        return [one for one in found if one.resident_bytes]

    def present(self, one: Range) -> Iterator[Addresses]:
        """The pages of a range that are in memory, a step at a time; none in some steps, so that whoever
        asks may stop on the way through a large range with little in it."""
        with (self._directory / "pagemap").open("rb", buffering=0) as file:
            for start in range(one.start, one.end, STEP_PAGES * PAGE_BYTES):
                pages = min(STEP_PAGES, (one.end - start) // PAGE_BYTES)
                file.seek(start // PAGE_BYTES * 8)
                entries = np.frombuffer(file.read(pages * 8), dtype=np.uint64)
                there = np.flatnonzero(entries & _PRESENT).astype(np.uint64)
                yield there * np.uint64(PAGE_BYTES) + np.uint64(start)

    def _lines(self, name: str) -> list[str]:
        # Not splitlines(): a file's name may hold its other line ends.
        return (self._directory / name).read_bytes().decode(errors="replace").split("\n")


@contextmanager
def opened(target: Pages) -> Iterator[ProcessMemory]:
    """The process that is meant; Gone if it has ended, even when its pid was given out again."""
    with explained(target):
        pidfd = os.pidfd_open(target.pid)
    try:
        memory = ProcessMemory(target, pidfd)
        with explained(target):
            stat = process_stat.read_or_fail(target.pid)
        if stat is not None and stat.start_ticks != target.start_ticks:
            raise Gone(f"process {target.pid} has ended, and its pid was given out again")
        memory.check()
        with explained(target):
            yield memory
    finally:
        os.close(pidfd)


def _is_own(head: str) -> bool:
    """Private, readable and of no file: ``55d0-55f0 rw-p 0 00:00 0 [heap]`` (proc_pid_maps(5))."""
    words = head.split(maxsplit=5)
    special = len(words) == 6 and words[5].startswith(("[v", "[uprobes"))
    return len(words) >= 5 and words[1][3] == "p" and words[4] == "0" and not special
