"""Units as people write them in texts, and what one of each is in the units of a device profile."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from pint import UnitRegistry

#: What a unit measures. Values are then in ns, bytes, bytes/s, Hz, W, 1 (a share) or 1/s.
Family = Literal["time", "bytes", "bandwidth", "frequency", "power", "ratio", "rate"]

# Pint's own registry takes 0.1 s to build, and there b is a barn: this one has only what texts need.
_DEFINITIONS = """
nano- = 1e-9
micro- = 1e-6
milli- = 1e-3
kilo- = 1e3
mega- = 1e6
giga- = 1e9
tera- = 1e12
peta- = 1e15
exa- = 1e18
kibi- = 2**10
mebi- = 2**20
gibi- = 2**30
tebi- = 2**40
pebi- = 2**50
exbi- = 2**60
second = [time]
minute = 60 * second
hour = 60 * minute
day = 24 * hour
bit = [information]
byte = 8 * bit
hertz = 1 / second
watt = [power]
count = []
percent = 0.01 * count
"""
_BASES: dict[Family, str] = {
    "time": "nanosecond",
    "bytes": "byte",
    "bandwidth": "byte / second",
    "frequency": "hertz",
    "power": "watt",
    "ratio": "count",
    "rate": "count / second",
}
_LARGE = {"k": "kilo", "m": "mega", "g": "giga", "t": "tera", "p": "peta", "e": "exa"}
_BINARY = {"k": "kibi", "m": "mebi", "g": "gibi", "t": "tebi", "p": "pebi", "e": "exbi"}
_SMALL = {"n": "nano", "u": "micro", "µ": "micro", "μ": "micro", "m": "milli"}
_NAMES: tuple[tuple[Family, str, str], ...] = (
    ("time", "nanosecond", "nanosecond nanoseconds nanos nanosekunde nanosekunden"),
    ("time", "microsecond", "microsecond microseconds micros mikrosekunde mikrosekunden"),
    ("time", "millisecond", "millisecond milliseconds millis millisekunde millisekunden"),
    ("time", "second", "s sec secs second seconds sekunde sekunden"),
    ("time", "minute", "min mins minute minutes minuten"),
    ("time", "hour", "h hour hours stunden"),
    ("time", "day", "day days tage"),
    ("bytes", "byte", "b byte bytes octets"),
    ("bytes", "bit", "bit bits"),
    ("bytes", "terabyte", "tera teras"),
    ("bytes", "gigabyte", "gig gigs"),
    ("bytes", "megabyte", "meg megs"),
    ("frequency", "hertz", "hz hertz"),
    ("frequency", "kilohertz", "khz kilohertz"),
    ("frequency", "megahertz", "mhz megahertz"),
    ("frequency", "gigahertz", "ghz gigahertz"),
    ("power", "watt", "W watt watts"),
    ("power", "milliwatt", "mW milliwatt milliwatts"),
    ("power", "kilowatt", "kW kilowatt kilowatts"),
    ("ratio", "percent", "% percent prozent"),
)
_PER = re.compile(
    r"\s?(?:/\s?|per\s?|(?:(?:in )?an?|each|every|pro|je)\s)(s|secs?|seconds?|sekunde|min|minutes?"
    r"|h|hours?|day)\b|(?:\s|·|\*)?(s)(?:\^?-1\b|⁻¹)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?:\s?[x×](?=/|\s))?[\s-]?(?:[a-z]{3,12}\s){0,2}?(?:[a-z]{3,12}(?=/))?"
    r"(?=(?:(?<=\s)(?:per|an?|each|every|pro)\b|/ ?(?:s|min|h)))"
)
_WORD = re.compile(r"[\s*_`|-]{0,24}([A-Za-zµμ]{1,14}|%|per cent)(?![A-Za-zµμ0-9_])")


class Unit(NamedTuple):
    """``scale``: what a number is multiplied by; ``end``: where the unit ends in its text."""

    family: Family
    scale: float
    end: int


def _spellings() -> dict[str, tuple[Family, str]]:
    """Every spelling to its family and pint's name; looked up as it stands, then in lower case."""
    found: dict[str, tuple[Family, str]] = {}
    for letter, large in _LARGE.items():
        found |= _data(letter, large) | _data(letter.upper(), large)
        found |= _data(letter + "i", _BINARY[letter]) | _data(letter.upper() + "i", _BINARY[letter])
        found[letter.upper() + "b"] = ("bytes", large + "bit")
    for symbol, prefix in _SMALL.items():
        found |= dict.fromkeys((symbol + "s", symbol + "sec", symbol + "secs"), ("time", prefix + "second"))
    for family, name, spelled in _NAMES:
        found |= dict.fromkeys(spelled.split(), (family, name))
    found["per cent"] = ("ratio", "percent")
    # In front of B a capital K is 1024, by JEDEC (JESD100B.01), and so blocks and pages are written.
    found["KB"] = ("bytes", "kibibyte")
    return found


def _data(symbol: str, prefix: str) -> dict[str, tuple[Family, str]]:
    """Bits and bytes with one prefix. By case alone ``gb`` is bytes, ``gbps`` bits."""
    found: dict[str, tuple[Family, str]] = {}
    for unit, spelled in (("byte", ("b", "B", "byte", "bytes")), ("bit", ("bit", "bits"))):
        for name in spelled:
            found[symbol + name] = ("bytes", prefix + unit)
            found[symbol + name + "ps"] = ("bandwidth", f"{prefix}{unit} / second")
        found |= dict.fromkeys((prefix + unit, prefix + unit + "s"), ("bytes", prefix + unit))
    found[symbol + "bps"] = ("bandwidth", f"{prefix}bit / second")
    return found


_SPELLINGS = _spellings()
# A letter alone is a thousand of anything, unless a size is spoken of in its line.
_BARE = re.compile(r"([KMGT])(?![\w/-])(?! ?(?:IOPS|ops|[Tt]ransfers|[Tt]ransactions))")
_SIZE = re.compile(
    r"\b(?:capacit\w+|sizes?|memory|d?ram|holds?|space|storage|blocks?|pages?|granular\w*|sectors?|chunks?|"
    r"kapazität|units? of)\b[^\n;]*$",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"[ -]?(?:blocks?|pages?|sectors?|chunks?|granul\w*|units?|of|memory|d?ram)\b", re.IGNORECASE
)


def at(text: str, start: int) -> Unit | None:
    """The unit that stands at ``start`` of ``text``, right behind a number, if one does."""
    word = _WORD.match(text, start)
    spelled = word and (_SPELLINGS.get(word[1]) or _SPELLINGS.get(word[1].lower()))
    if word and spelled:
        family, name = spelled
        per = _PER.match(text, word.end()) if family == "bytes" else None
        if per:
            return _unit("bandwidth", f"{name} / {_second(per)}", per.end())
        return _unit(family, name, word.end())
    bare = _BARE.match(text, start)
    if bare and (_SIZE.search(text, max(0, start - 60), start) or _BLOCK.match(text, bare.end())):
        return _unit("bytes", f"{_LARGE[bare[1].lower()]}byte", bare.end())
    counted = _COUNTED.match(text, start)
    per = (
        _PER.match(text, counted.end() - 1 if counted[0][-1:].isspace() else counted.end())
        if counted
        else None
    )
    return _unit("rate", f"count / {_second(per)}", per.end()) if per else None


def _second(per: re.Match[str]) -> str:
    return _SPELLINGS[(per[1] or per[2]).lower()][1]


def _unit(family: Family, name: str, end: int) -> Unit:
    return Unit(family, _scale(name, _BASES[family]), end)


@cache
def _scale(name: str, base: str) -> float:
    return float(_registry().Quantity(1, name).m_as(base))


@cache
def _registry() -> "UnitRegistry[Any]":
    from pint import UnitRegistry

    return UnitRegistry(_DEFINITIONS.strip().splitlines())
