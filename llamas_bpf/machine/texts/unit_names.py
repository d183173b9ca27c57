"""Units in the names of entries and columns: ``Latency (ns)``, ``size in GB``, ``write_bw_mb_per_s``."""

import re

from llamas_bpf.machine.texts import units
from llamas_bpf.machine.texts.units import Unit

_LONGEST = 60  # characters of a name that are looked at
_SAID = re.compile(r"[(\[]\s?([A-Za-zµμ/%]{1,12})\s?[)\]]\s*$|(?:\bin|,) ([A-Za-zµμ/]{1,12})\s*$")
_KEY = re.compile(r"[A-Za-z0-9µμ]+(?:[_-][A-Za-z0-9µμ]+)*$|\w+$")
_PARTS = re.compile(r"[A-Zµμ]+(?![a-z])|[A-Zµμ]?[a-zµμ]+")
_MOST_PARTS = 3  # of a unit: gb, per, s
_NO_UNIT = re.compile(r"min|[hdb]|bits?", re.IGNORECASE)  # "latency_min" is the least
_SPEED = re.compile(r"bw|band|through|rate|speed", re.IGNORECASE)
_PLURAL = re.compile(r"([kmgt]i?b)s", re.IGNORECASE)
# "latency_ns: {read: 90}", and the same in lines of their own: the name's unit is that of all below it.
_WAY = r"(?:[\"']?(?:reads?|writes?|rd|wr|loads?|stores?|typ\w*|value|avg|mean)[\"']?)"
_IN_BRACES = re.compile(r"([\w-]{3,40})[\"']?\s?[:=]\s?\{([^{}]{1,400})\}")
_INDENTED = re.compile(
    rf"^[ \t]*([\w-]{{3,40}}):[ \t]*\n((?:[ \t]*(?:- )?{_WAY}:[ \t]*[0-9.]+[ \t]*(?:\n|$))+)",
    re.MULTILINE | re.IGNORECASE,
)


def groups(text: str) -> list[tuple[int, int, Unit]]:
    """Start and end of each group of entries under a name with a unit, and that unit; in order."""
    found = [match for shape in (_IN_BRACES, _INDENTED) for match in shape.finditer(text)]
    spans = [(*match.span(2), unit) for match in found if (unit := find(match[1]))]
    return sorted(spans, key=lambda span: span[:2])


def find(name: str) -> Unit | None:
    """The unit at the end of ``name``, if it names one."""
    said = _SAID.search(name[-_LONGEST:])
    if said:
        return units.at(said[1] or said[2], 0)
    key = _KEY.search(name[-_LONGEST:])
    return _in_key(key[0]) if key else None


def _in_key(key: str) -> Unit | None:
    parts = _PARTS.findall(key)
    for first in range(max(1, len(parts) - _MOST_PARTS), len(parts)):
        tail = [part for part in parts[first:] if part.lower() != "per"]
        plural = _PLURAL.fullmatch(tail[-1]) if tail else None
        if plural and _SPEED.search(key):
            tail = [*tail[:-1], plural[1], "s"]
        for spelled in ("".join(tail), "/".join(tail)):
            unit = units.at(spelled, 0)
            if unit and unit.end == len(spelled) and not (_NO_UNIT.fullmatch(spelled) and len(tail) == 1):
                return unit
    return None
