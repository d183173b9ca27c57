"""Quantities in a text: numbers with units, alone, in pairs (90/300 ns) and as ranges (170 to 250 ns)."""

import math
import re
from dataclasses import dataclass, replace

from llamas_bpf.machine.texts import tables, unit_names, units, written_numbers
from llamas_bpf.machine.texts.units import Family, Unit
from llamas_bpf.machine.texts.written_numbers import Number

# A dash that begins a line is a list's.
_TO = re.compile(r"(?!\n[-–—])\s?(?:to|through|up to|bis|-|–|—|\.\.\.?|…)\s?(?:about |around |some |~|≈)?")
_AND = re.compile(r"\s?(?:and|und|or|oder|,|/|versus|vs\.?)\s?(?:about |around |~|≈)?")
_TOLERANCE = re.compile(r"\s?(?:±|\+/-|\+-)\s?")
_BETWEEN = re.compile(r"\b(?:between|zwischen)\s(?:about |~)?$", re.IGNORECASE)
_NAMED = re.compile(r"([^\n:=|;\"']{2,48}?)(?:[\"']?\s?(?:[:=|]|->|=>|\.{3,})|(?<=[)\]]))\s*[~≈]?$")
_FOR = re.compile(
    r"\s(?:(?:for|on|when|to|in|at)\s(?:a\s)?)?(?:reads?|writes?|reading|writing|loads?|stores?)\b",
    re.IGNORECASE,
)
_FOR_AND = re.compile(
    _FOR.pattern + (r"\s?(?:,|&|;|and)?\s?(?:and\s|but\s)?(?:about |some |only |[~≈])?"), re.IGNORECASE
)
# "Rose from 10 to 16 GB/s" is two figures, of two times.
_ROSE = re.compile(
    r"\b(?:rose|went|grew|increased|improved|fell|dropped|changed|raised|lowered|cut|up|"
    r"down)\s(?:[^.;,]{1,30}\s)?from\s(?:about )?$",
    re.IGNORECASE,
)
# "CXL 2 and 64 GB": the 2 has no unit to share.
_NUMBERED = re.compile(
    r"(?:[A-Z][\w.-]*|node|version|gen|generation|rev|socket|slot|type|level|bank|port)\s$"
)
# Nor does the address in "node 2 - 64 GB" or "41:00.0 - 64 GB" begin a range.
_ADDRESS = re.compile(r"\b(?:node|socket|slot|type|gen|tier|bank|port|cpu)\s?$|[0-9a-f]:$", re.IGNORECASE)

_LISTED = re.compile(r"\b(?:cpus?|cores?|nodes?)\s[0-9, –-]*$", re.IGNORECASE)  # "CPUs 0-3, 2.6 GHz"
_AND_A_HALF = re.compile(r"\sand an? half\b(?! of)", re.IGNORECASE)
# "64 GB/s on the box; we get 46."
_GOT = re.compile(
    r"\b(?:got|gets?|sees?|saw|measured|reache[sd]|manages?)\s(?:about |only |around |just |more like )?$"
    r"|\b(?:reads?|writes?|loads?|stores?|reading|writing|loading|storing|programming)\s"
    r"(?:(?:in|at|with|takes?|needs?|gets?|is)\s)?(?:about |only |some |~)?$"
    r"|\b\w+ing (?:one|it|them|a \w+) (?:takes|needs|costs)\s(?:about |only |some )?$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s?(?:[,;)]|[.!](?:\s|$)|$)")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
# What a memory may still have: 3,125 GB/s it has not, so "3.125 GB/s" is clear.
_MOST_UNCLEAR: dict[Family, float] = {"time": 1e6, "bytes": 1e14, "bandwidth": 1e12}


@dataclass(frozen=True)
class Quantity:
    """``value`` in its family's unit (see ``units.Family``), standing from ``start`` to ``end`` of its text.

    ``range``: both ends, where it is one end of a range. ``group`` tells which quantities stand in one list.
    ``is_ambiguous``: "1.200 ns" is 1.2 to some and 1,200 to others, and both may be.
    """

    value: float
    family: Family
    start: int
    end: int
    range: tuple[float, float] | None = None
    group: int = -1
    is_ambiguous: bool = False


def find(text: str) -> list[Quantity]:
    """Every quantity in ``text``, in order. Takes time in proportion to its length."""
    found: list[Quantity] = []
    for number, unit in _with_units(text, written_numbers.find(text)):
        half = 0.5 if _AND_A_HALF.match(text, unit.end) else 0
        value = (number.value + half) * unit.scale
        # Not 999.9999999999999; but 2 TiB are so many bytes, to the last one.
        value = float(round(value) if unit.family == "bytes" and 1 <= value < math.inf else f"{value:.12g}")
        thousands = _THOUSANDS.fullmatch(text[number.start : number.end])
        unclear = thousands is not None and value * 1000 <= _MOST_UNCLEAR.get(unit.family, 0)
        one = Quantity(value, unit.family, number.start, max(number.end, unit.end), is_ambiguous=unclear)
        if found and found[-1].family == one.family:
            last = found[-1]
            gap = text[last.end : one.start]
            if _TOLERANCE.fullmatch(gap):
                continue
            if _is_range(text, last, gap):
                both = (min(last.value, one.value), max(last.value, one.value))
                found[-1], one = replace(last, range=both), replace(one, range=both)
            elif _AND.fullmatch(gap):
                group = last.start if last.group < 0 else last.group
                found[-1], one = replace(last, group=group), replace(one, group=group)
        found.append(one)
    return found


def _with_units(text: str, numbers: list[Number]) -> list[tuple[Number, Unit]]:
    """The numbers that have a unit, or share the one of the number behind them."""
    found: list[tuple[Number, Unit]] = []
    columns = sorted([*tables.column_units(text), *unit_names.groups(text)], key=lambda span: span[:2])
    for before, number in reversed(list(zip([None, *numbers], numbers, strict=False))):
        while columns and columns[-1][0] > number.start:
            columns.pop()
        unit = units.at(text, number.end) or _unit_before(text, number)
        if unit is None and before is not None:
            unit = _unit_of_other_direction(text, before, number)
        if unit is None and columns and number.end <= columns[-1][1]:
            unit = columns[-1][2]._replace(end=number.end)
        if unit is None and found and _shares(text, number, found[-1][0], found[-1][1]):
            unit = found[-1][1]._replace(end=number.end)
        if unit is not None:
            found.append((number, unit))
    return found[::-1]


def _unit_before(text: str, number: Number) -> Unit | None:
    """The unit in the name of an entry: "Latency (ns): 90", "Latency in ns: 90"."""
    named = _NAMED.search(text[max(0, number.start - 56) : number.start])
    unit = unit_names.find(named[1]) if named else None
    return unit._replace(end=number.end) if unit else None


def _unit_of_other_direction(text: str, before: Number, number: Number) -> Unit | None:
    """The unit of the number before: "400 ns for reads and 600 for writes", "64 GB/s, but we get 46"."""
    between = number.start - before.end
    unit = units.at(text, before.end)
    if (
        unit
        and between < 80
        and _GOT.search(text, before.end, number.start)
        and _ENDS.match(text, number.end)
    ):
        return unit._replace(end=number.end)
    if between > 50 or not _FOR.match(text, number.end):
        return None
    is_other = unit is not None and _FOR_AND.fullmatch(text, unit.end, number.start)
    return unit._replace(end=number.end) if unit and is_other else None


def _shares(text: str, number: Number, following: Number, unit: Unit) -> bool:
    if "|" in text[following.end : unit.end]:  # a table row with its unit in a cell of its own
        return not text[number.end : following.start].strip(" |")
    gap = text[number.end : following.start] if following.start - number.end < 14 else ""
    if _TO.fullmatch(gap) or _TOLERANCE.fullmatch(gap):
        return not _ADDRESS.search(text[max(0, number.start - 12) : number.start])
    if _LISTED.search(text[max(0, number.start - 30) : number.start]):
        return False
    return bool(_AND.fullmatch(gap)) and not _NUMBERED.search(text[max(0, number.start - 20) : number.start])


def _is_range(text: str, first: Quantity, gap: str) -> bool:
    if _ROSE.search(text[max(0, first.start - 60) : first.start]):
        return False
    between = _BETWEEN.search(text[max(0, first.start - 20) : first.start])
    return bool(_TO.fullmatch(gap) or (between and _AND.fullmatch(gap)))
