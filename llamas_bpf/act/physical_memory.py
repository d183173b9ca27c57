"""Where the machine's memory is, in physical addresses."""

import mmap
import re
from pathlib import Path

from llamas_bpf.damon import ranges
from llamas_bpf.damon.ranges import Range

#: At any depth: the memory of a device that serves as such is "System RAM (kmem)" below it.
_RAM = re.compile(r"^ *([0-9a-f]+)-([0-9a-f]+) : System RAM", re.MULTILINE)
_ZONE = re.compile(r"^Node (\d+), zone .*?(?=^Node |\Z)", re.MULTILINE | re.DOTALL)
_SPANNED, _FIRST = re.compile(r"^\s+spanned\s+(\d+)", re.MULTILINE), re.compile(r"start_pfn:\s+(\d+)")


def elsewhere(node: int | None) -> list[Range]:
    """All memory but that of this node, in ascending order; all of it for None. Root's only (proc(5))."""
    ram = of_iomem(Path("/proc/iomem").read_text(encoding="ascii"))
    if node is None:
        return ram
    return ranges.without(ram, of_node(Path("/proc/zoneinfo").read_text(encoding="ascii"), node))


def of_iomem(text: str) -> list[Range]:
    """Whole pages of it."""
    page = mmap.PAGESIZE
    found = [(int(start, 16), int(last, 16) + 1) for start, last in _RAM.findall(text)]
    whole = sorted((-(-start // page) * page, end // page * page) for start, end in found)
    return [(start, end) for start, end in whole if start < end]


def of_node(text: str, node: int) -> list[Range]:
    """What its zones span, holes included. One without memory has no beginning either."""
    found = []
    for zone in _ZONE.finditer(text):
        spanned, first = _SPANNED.search(zone[0]), _FIRST.search(zone[0])
        if int(zone[1]) == node and spanned and first:
            start = int(first[1]) * mmap.PAGESIZE
            found.append((start, start + int(spanned[1]) * mmap.PAGESIZE))
    return sorted(found)
