"""The numbers with units that a text holds. Readers have their own; this one is there to check them.

It is generous: a number without a unit of its own, as in a table, may have any that stands near it.
"""

import re
import unicodedata
from collections.abc import Iterator
from math import isclose
from typing import Literal

#: In ns, bytes, bytes/s, Hz, shares of one, and plain numbers.
Dimension = Literal["time", "bytes", "rate", "hz", "ratio", "count"]
Unit = tuple[Dimension, float]

_CLOSE = 1e-3

_PREFIXES = {"": 1.0} | {
    spelling: base**power
    for power, names in enumerate(
        (("k", "K", "kilo"), ("M", "mega"), ("G", "giga"), ("T", "tera"), ("P", "peta")), start=1
    )
    for spelling, base in [(name, 1000.0) for name in names]
}
_BINARY = {
    spelling: 1024.0**power
    for power, names in enumerate(
        (("Ki", "kibi"), ("Mi", "mebi"), ("Gi", "gibi"), ("Ti", "tebi"), ("Pi", "pebi")), start=1
    )
    for spelling in names
}
_TIMES = {
    1e-3: "ps psec picosecond picoseconds",
    1.0: "ns nsec nanosecond nanoseconds",
    1e3: "us usec μs μsec microsecond microseconds",
    1e6: "ms msec millisecond milliseconds",
    1e9: "s sec second seconds",
    60e9: "min minute minutes",
    3600e9: "h hour hours",
}
_BYTES: dict[str, float] = {
    prefix + name: factor * size
    for prefix, factor in (_PREFIXES | _BINARY).items()
    # Bytes last: where only the case of letters tells, "gb" is bytes.
    for size, names in ((0.125, ("b", "bit", "bits")), (1.0, ("B", "byte", "bytes", "Byte", "Bytes")))
    for name in names
}
_UNITS: dict[str, Unit] = (
    {name: ("time", factor) for factor, names in _TIMES.items() for name in names.split()}
    | {name: ("bytes", factor) for name, factor in _BYTES.items()}
    | {f"{name}ps": ("rate", factor) for name, factor in _BYTES.items()}
    | {f"{name}Hz": ("hz", factor) for name, factor in _PREFIXES.items()}
    | {"%": ("ratio", 0.01), "percent": ("ratio", 0.01)}
)
_ANY_CASE: dict[str, Unit] = {name.lower(): unit for name, unit in _UNITS.items()} | {
    word + plural: ("bytes", factor)
    for word, factor in (("gig", 1e9), ("meg", 1e6), ("tera", 1e12))
    for plural in ("", "s")
}
# KB is 1024 bytes to JEDEC and 1000 to the SI.
_ALSO: dict[Unit, Unit] = {("bytes", 1e3): ("bytes", 1024.0)}
_WORD = re.compile(r"%|[A-Za-zμ]+")
_NEXT_WORD = re.compile(r"[\s-]*(%|[A-Za-zμ]+)")
_PER_SECOND = re.compile(r"\s*(?:/|\bper\b|\ba\b|\b(?:each|every)\b)\s*s(?:ec(?:ond)?)?\b", re.IGNORECASE)
_BESIDE = re.compile(r"[ -]?[A-Za-zμ]")
# What may stand between a number and a unit that is not beside it.
_BETWEEN = re.compile(r"\s*(?:to|and|or|bis|und|oder|for|in|on|at|when|read\w*|writ\w*)\b", re.IGNORECASE)

_DIGITS = re.compile(r"(?<![\w.])\d+(?:[ ,]\d{3})*(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_POWER = re.compile(r"\b(10|2)\s*\^\s*(\d{1,3})\b")
# fmt: off
_NUMBER_WORDS: dict[str, float] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "single": 1, "dual": 2, "quad": 4, "octa": 8, "half": 0.5, "quarter": 0.25, "third": 1 / 3,
}
# fmt: on
_FACTORS = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_ANY_WORD = rf"(?:{'|'.join((*_NUMBER_WORDS, *_FACTORS))})\b"
_WORDS = re.compile(rf"\b{_ANY_WORD}(?:[\s-]+(?:and\s+)?{_ANY_WORD})*(?:\s+(?:of\s+)?an?\b)?", re.IGNORECASE)


class Quantities:
    """Of one text."""

    def __init__(self, text: str) -> None:
        plain = unicodedata.normalize("NFKC", text).replace("_", " ")
        self._found = {found for block in re.split(r"\n\s*\n", plain) for found in _of_block(block)}

    def has(self, dimension: Dimension, value: float) -> bool:
        """Whether ``value``, in the dimension's unit, stands in the text."""
        return any(kind == dimension and isclose(value, it, rel_tol=_CLOSE) for kind, it in self._found)


def _of_block(block: str) -> Iterator[tuple[Dimension, float]]:
    near = {unit for word in _WORD.finditer(block) if (unit := _unit_at(block, word.start()))}
    for end, numbers in _numbers(block):
        unit = _unit_at(block, end)
        alone = not _BESIDE.match(block, end) or _BETWEEN.match(block, end)
        units = {unit} if unit else near if alone else set()
        also = {_ALSO[unit] for unit in units if unit in _ALSO}
        for number in numbers:
            yield "count", number
            yield from ((dimension, number * factor) for dimension, factor in units | also)


def _unit_at(text: str, start: int) -> Unit | None:
    """The unit that begins there, after white space or a hyphen."""
    word = _NEXT_WORD.match(text, start)
    if word is None:
        return None
    unit = _UNITS.get(word[1]) or _ANY_CASE.get(word[1].lower())
    if unit and unit[0] == "bytes" and _PER_SECOND.match(text, word.end()):
        return "rate", unit[1]
    return unit


def _numbers(text: str) -> Iterator[tuple[int, list[float]]]:
    """Each number's end, and what it can mean: ``1,200`` is two numbers to different people."""
    for match in _DIGITS.finditer(text):
        yield match.end(), _readings(match[0])
    for match in _POWER.finditer(text):
        yield match.end(), [float(match[1]) ** int(match[2])]
    for match in _WORDS.finditer(text):
        yield match.end(), [_in_words(match[0].lower())]


def _readings(digits: str) -> list[float]:
    found = [float(digits.replace(" ", "").replace(",", ""))]
    if digits.count(",") == 1 and "." not in digits:
        found.append(float(digits.replace(" ", "").replace(",", ".")))
    if " " in digits:  # two numbers side by side
        found.append(float(digits.rsplit(maxsplit=1)[-1].replace(",", "")))
    return found


def _in_words(words: str) -> float:
    total = current = 0.0
    for word in re.findall(r"[a-z]+", words):
        if word in _NUMBER_WORDS:
            current += _NUMBER_WORDS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _FACTORS:
            total, current = total + (current or 1) * _FACTORS[word], 0.0
    return total + current
