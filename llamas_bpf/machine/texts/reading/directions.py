"""Which way a figure holds: for reads, for writes, or for both."""

import re

from llamas_bpf.machine.texts.quantities import Quantity
from llamas_bpf.machine.texts.reading import words
from llamas_bpf.machine.texts.reading.clauses import BOTH, Clause
from llamas_bpf.machine.texts.reading.places import Place
from llamas_bpf.machine.texts.units import Family

_OF_OTHER = re.compile(
    r"\b(?:reads?|writes?|load|store)[ -](?:latenc\w+|access\w*|bandwidth|throughput)", re.I
)
_HALF_OF_THAT = re.compile(
    r"\b(?:half|third|quarter|fraction|less|twice|double|percent|%)\b[^.;]{0,40}?\b(?P<way>writ(?:e|es|"
    r"ing)|read(?:s|ing)?)\b",
    re.IGNORECASE,
)


def of(place: Place) -> list[tuple[str, bool]]:
    """Read, write or both, and whether the text says so."""
    paired = _of_pair(place)
    if paired:
        return [(paired, True)]
    sources = [
        place.before + " " + place.after,
        *_leads(place),
        f"{place.passage.label} {place.passage.column}",
        place.passage.about,
    ]
    for source in sources:
        if BOTH.search(source):
            return [("read", True), ("write", True)]
        ways = _named(source, place.quantity.family)
        if ways:
            return [(_nearest(place) if len(ways) > 1 else ways[0], True)]
    # "12 GB/s, and half of that when writing": the figure is the reads'.
    other = _HALF_OF_THAT.search(place.passage.text, place.quantity.end)
    if other:
        return [("read" if other["way"].lower().startswith("w") else "write", True)]
    return [("read", False), ("write", False)]


def _leads(place: Place) -> list[str]:
    """What the clauses before say ahead; nothing where they tell both ways of something else.

    "Reads take 250 ns, writes 400 ns, 30 GB/s": the last is not the writes'.
    """
    leads = [_lead(place, clause) for clause in place.earlier]
    of_others = [
        lead
        for lead, clause in zip(leads, place.earlier, strict=True)
        if any(
            q.family != place.quantity.family and clause.start <= q.start < clause.end for q in place.others
        )
    ]
    told = " ".join(of_others)
    is_of_both = len(of_others) > 1 and words.READ.search(told) and words.WRITE.search(told)
    return [lead for lead in leads if lead not in of_others] if is_of_both else leads


def _lead(place: Place, clause: Clause) -> str:
    """What ``clause`` says ahead: not of another quantity only, as in "300 ns when writing, 22 GB/s"."""
    inside = [q for q in place.others if clause.start <= q.start < clause.end]
    if not inside or any(q.family == place.quantity.family for q in inside):
        return clause.text
    if words.BANDWIDTH.search(place.before) or words.LATENCY.search(place.before):
        return ""  # "writes take 320 ns, the bandwidth is 26 GB/s"
    return _OF_OTHER.sub(" ", place.passage.text[clause.start : inside[0].start])


def _named(source: str, family: Family) -> list[str]:
    """The ways that ``source`` names; of bandwidths "into it" is one, too."""
    ways = [way for way, word in (("read", words.READ), ("write", words.WRITE)) if word.search(source)]
    if ways or family != "bandwidth":
        return ways
    ways = [way for way, word in (("read", words.OUT), ("write", words.IN)) if word.search(source)]
    return ways if len(ways) == 1 else []


def _nearest(place: Place) -> str:
    """Of both in one clause ("reads at 38 GB/s, writes at 12"): the one before it, else the one behind it."""
    family = place.quantity.family
    first = min(q.start for q in place.others if q.family == family and q.start >= place.clause.start)
    ahead = place.passage.text[place.clause.start : first]
    if not words.READ.search(ahead) and not words.WRITE.search(ahead):  # "38 GB/s read / 12 GB/s write"
        following = [q.start for q in place.others if q.family == family and q.start > place.quantity.start]
        behind = place.passage.text[place.quantity.end : min([*following, place.clause.end])]
        return "read" if words.READ.search(behind) else "write"
    last = max(
        (
            (match.end(), name)
            for name, word in (("read", words.READ), ("write", words.WRITE))
            for match in word.finditer(place.before)
        ),
        default=None,
    )
    if last:
        return last[1]
    return "read" if words.READ.search(place.after) else "write"


def _is_named_behind(place: Place, listed: list[Quantity]) -> bool:
    """Whether both ways are named only behind the last: "24 GB/s and up to 21 GB/s, reading and writing"."""
    text, end = place.passage.text, max(q.end for q in listed)
    both = BOTH.search(text, end)
    ahead = f"{place.passage.label} {place.passage.column} {text[: both.start()]}" if both else ""
    named = words.READ.search(ahead) or words.WRITE.search(ahead)
    return both is not None and named is None and bool(words.WRITE.search(both[0]))


def _of_pair(place: Place) -> str | None:
    """The direction of one of two in a list: "90/300 ns (read/write)", "read and write: 90 and 300 ns"."""
    quantity = place.quantity
    family = [q for q in place.others if q.family == quantity.family]
    listed = [q for q in family if q.group == quantity.group] if quantity.group >= 0 else family
    if quantity.group < 0 and not _is_named_behind(place, listed):
        return None
    if len(listed) != 2 or listed[0].value == listed[1].value:
        return None
    around = f"{place.passage.label} {place.passage.column} {place.before} {place.after} {place.passage.text}"
    both = BOTH.search(around)
    # "Rd 300 ns, wr 900 ns, 20/8 GB/s": as in the clauses before.
    order_of = both[0] if both else place.passage.text[: listed[0].start]
    read, write = words.READ.search(order_of), words.WRITE.search(order_of)
    if not (read and write) and not (both and both[0].lower() == "r/w"):
        return None
    order = ["write", "read"] if read and write and write.start() < read.start() else ["read", "write"]
    return order[0 if quantity == listed[0] else 1]
