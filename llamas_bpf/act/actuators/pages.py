"""Pages of a process without a cgroup, moved or given back, once: move_pages(2), process_madvise(2).

Only its own: private anonymous memory. What does not go, or is more than the budget allows, stays as it is,
and that is said. Not by migrate_pages(2), which moves a whole process before it returns.
"""

import errno
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from llamas_bpf.act import page_calls, process_memory
from llamas_bpf.act.actuator import Actuator, Note, Written
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, describe
from llamas_bpf.act.page_budget import PageBudget
from llamas_bpf.act.page_calls import Addresses
from llamas_bpf.act.process_memory import PAGE_BYTES, ProcessMemory, Range
from llamas_bpf.contracts.action import Pages
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine import cpulist
from llamas_bpf.shown import figure

_ADVICE = {"pages.cold": page_calls.MADV_COLD, "pages.pageout": page_calls.MADV_PAGEOUT}
_DID = {"pages.move": "moved", "pages.cold": "called cold", "pages.pageout": "offered for paging out"}
_NODES = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*", re.ASCII)
_LATER = "the rest is left for a later window, so as not to hold up the machine"
#: A mapping may be gone, locked or busy by the time we come to it; the others are tried all the same.
_PASSING = {errno.EAGAIN, errno.EBUSY, errno.EFAULT, errno.EINVAL, errno.ENOMEM}


class PagesActuator(Actuator):
    """Old and new are bytes on each node, such as ``0:8192 2:4096``; for cold, the bytes lately used."""

    one_shot = True

    def __init__(self, machine: Machine) -> None:
        self.sees(machine)
        self._budget = PageBudget()
        self._remark = ""
        self._done = 0

    def sees(self, machine: Machine) -> None:
        self._memory_nodes = {node.id for node in machine.nodes if node.total_bytes}

    def begin(self) -> None:
        self._budget.begin()

    def read(self, target: Pages) -> Old:
        with process_memory.opened(target) as memory:
            if target.knob == "pages.cold":
                value = f"referenced:{memory.referenced_bytes()}"
            else:
                value = " ".join(f"{node}:{size}" for node, size in memory.node_bytes().items())
            memory.check()
        return Old(value=value)

    def put(self, target: Pages, value: str, found: Old, note: Note) -> Written:
        """Once nothing is left of the budget, not even looking is free: a walk over all page tables."""
        if self._budget.left < PAGE_BYTES:
            self._done, self._remark = 0, f"{_size(0)} {_DID[target.knob]}; {_LATER}"
            return Written(found)
        return super().put(target, value, found, note)

    def write(self, target: Pages, value: str) -> tuple[ThreadValue, ...]:
        self._remark = ""
        with process_memory.opened(target) as memory:
            if target.knob == "pages.move":
                done, stayed = self._move(target, memory, self._nodes(target, value))
            else:
                done, stayed = self._advise(target, memory, int(value))
        self._done = done
        self._remark = f"{_size(done)} {_DID[target.knob]}"
        if self._budget.left < PAGE_BYTES:
            self._remark += f"; {_LATER}"
        if stayed:
            number = stayed.most_common(1)[0][0]
            self._remark += f"; {_size(stayed.total() * PAGE_BYTES)} stayed ({os.strerror(number)})"
        return ()

    def remark(self) -> str:
        return self._remark

    def did_nothing(self) -> bool:
        return self._done == 0

    def _nodes(self, target: Pages, value: str) -> list[int]:
        wanted = cpulist.parse(value) if _NODES.fullmatch(value) else ()
        if not wanted or set(wanted) - self._memory_nodes:
            have = cpulist.render(self._memory_nodes)
            raise ActError(f"{describe(target)}: not nodes with memory; those of this machine are {have}")
        return list(wanted)

    def _move(self, target: Pages, memory: ProcessMemory, nodes: list[int]) -> tuple[int, Counter[int]]:
        """Bytes that moved, and pages that stayed by errno. Several nodes are filled in turn."""
        done, stayed = 0, Counter[int]()
        densest = sorted(memory.ranges(), key=lambda one: -one.resident_bytes / (one.end - one.start))
        for node, pages in zip(cycle(nodes), self._steps(memory, densest), strict=False):
            found = page_calls.where(memory.pid, pages)
            astray = pages[(found >= 0) & ~np.isin(found, nodes)][: self._budget.left // PAGE_BYTES]
            if not len(astray):
                continue
            now = _moved(target, memory.pid, astray, node)
            moved = int((now == node).sum()) * PAGE_BYTES
            stayed.update((-now[now < 0]).tolist())
            self._budget.spend(moved)
            done += moved
        return done, stayed

    def _advise(self, target: Pages, memory: ProcessMemory, most_bytes: int) -> tuple[int, Counter[int]]:
        """Bytes that advice was given on, those least used first, and pages it was refused for by errno."""
        if target.knob == "pages.pageout" and not _has_swap():
            raise ActError(f"{describe(target)}: there is no swap to page out to: add some with swapon(8)")
        done, stayed = 0, Counter[int]()
        coldest = sorted(memory.ranges(), key=_warmth)
        for there in self._steps(memory, coldest):
            pages = there[: min(self._budget.left, most_bytes - done) // PAGE_BYTES]
            if not len(pages):
                break
            try:
                given = page_calls.advise(memory.pidfd, list(_runs(pages)), _ADVICE[target.knob])
            except OSError as error:
                if error.errno == errno.ENOSYS:
                    raise ActError(f"{describe(target)}: needs kernel 5.10 or later") from error
                if error.errno not in _PASSING:
                    raise
                stayed[error.errno] += len(pages)
                continue
            self._budget.spend(given)
            done += given
        return done, stayed

    def _steps(self, memory: ProcessMemory, ranges: Iterable[Range]) -> Iterator[Addresses]:
        """The pages that are there, a step at a time, as long as the process lives and the budget lasts."""
        self._budget.start()
        for one in ranges:
            for pages in memory.present(one):
                memory.check()
                if len(pages):
                    yield pages
                if self._budget.left < PAGE_BYTES:
                    return


def build(machine: Machine) -> Actuator:
    return PagesActuator(machine)


def _moved(target: Pages, pid: int, pages: Addresses, node: int) -> page_calls.Statuses:
    try:
        return page_calls.move(pid, pages, node)
    except OSError as error:
        if error.errno == errno.EACCES:
            raise ActError(f"{describe(target)}: its cpuset does not have node {node}") from error
        if error.errno == errno.ENODEV:
            raise ActError(f"{describe(target)}: node {node} has no memory any more") from error
        raise


def _warmth(one: Range) -> tuple[float, int]:
    """By the share that was lately used, to a percent: others look at pages too. Then the largest first."""
    return round(one.referenced_bytes / one.resident_bytes, 2), -one.resident_bytes


def _runs(pages: Addresses) -> Iterator[tuple[int, int]]:
    """Neighbouring pages as one range (start, end)."""
    for run in np.split(pages, np.flatnonzero(np.diff(pages) != PAGE_BYTES) + 1):
        yield int(run[0]), int(run[-1]) + PAGE_BYTES


def _has_swap() -> bool:
    return len(Path("/proc/swaps").read_text().splitlines()) > 1


def _size(amount: int) -> str:
    return figure("_bytes", amount)
