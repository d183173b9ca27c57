"""Rows and cells of Markdown tables, and the units in the heads of their columns."""

import re
from itertools import pairwise

from llamas_bpf.machine.texts import unit_names
from llamas_bpf.machine.texts.units import Unit

RULE = re.compile(r"[\s|:+-]*-{2,}[\s|:+-]*")
_MOST = 32  # cells of a row
_FEWEST = 3  # of one whose cells only spaces keep apart
_WORDS = re.compile(r"\S+(?: \S+)*")


def cells(row: str) -> list[tuple[int, int]]:
    """Start and end of each cell, also of empty ones; none if ``row`` is no row."""
    if "|" not in row or "\n" in row.strip():
        return []
    edges = [-1, *(match.start() for match in re.finditer(r"\|", row)), len(row)]
    found = [(a + 1, b) for a, b in pairwise(edges)]
    first = 0 if row[slice(*found[0])].strip() else 1
    last = len(found) if row[slice(*found[-1])].strip() else -1
    return found[first:last][:_MOST]


def aligned(row: str) -> list[tuple[int, int]]:
    """Start and end of each cell of a row whose cells are kept apart by spaces; none if it is no such row."""
    if "|" in row or "\n" in row.strip() or ".." in row:
        return []
    found = [match.span() for match in _WORDS.finditer(row)]
    return found[:_MOST] if len(found) >= _FEWEST else []


def column_units(text: str) -> list[tuple[int, int, Unit]]:
    """Start and end of each cell below, or behind, a head such as "Latency (ns)", and that unit; in order."""
    found: list[tuple[int, int, Unit]] = []
    heads: list[Unit | None] = []
    before, start = "", 0
    for line in text.split("\n"):
        row = cells(line)
        if RULE.fullmatch(line):
            heads = [unit_names.find(before[a:b].strip(" *_`")) for a, b in cells(before)]
        elif not row:
            heads = []
        else:
            of_row = unit_names.find(line[slice(*row[0])].strip(" *_`")) if heads else None
            units = [head or of_row for head in heads]
            found += ((start + a, start + b, unit) for (a, b), unit in zip(row, units, strict=False) if unit)
        before, start = line, start + len(line) + 1
    return found
