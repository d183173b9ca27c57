"""Which figure each quantity of a text is: by the words nearest to it, in its clause, before it, above it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from llamas_bpf.contracts.profile import Doubt
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.grounding import doubt
from llamas_bpf.machine.texts.quantities import Quantity
from llamas_bpf.machine.texts.reading import clauses, directions, latencies, sizes, subject, words
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.places import Place
from llamas_bpf.machine.texts.reading.subject import Subject

_NAMED = {
    "time": words.LATENCY,
    "bandwidth": words.BANDWIDTH,
    "bytes": re.compile(r"\b(?:capacity|size|kapazität)\b", re.IGNORECASE),
}
# A sequential latency, or a random bandwidth, is the exception beside the usual one.
_SIDELINE = {
    "time": re.compile(
        r"\b(?:sequential|remote|from socket \d|(?:far|other|remote|second) (?:socket|side|processor))\b",
        re.I,
    ),
    "bandwidth": re.compile(
        r"\brand(?:om\w*|read|write|rw)?\b|\b(?:single|one|1|each|per)[- ](?:thread|core|"
        r"process)\w*\b|\bQD ?1\b",
        re.IGNORECASE,
    ),
    "bytes": re.compile(r"(?!)"),
}
_EXTREME = 3
_IN = re.compile(r"\s(?:\w+\s)?(?:in|within|over|took)\s{1,3}(?:about |only )?")
_OF_IOPS = re.compile(
    r"\bIOPS\s?=[^=]{1,20}\bBW\s?=[^=]{0,20}$", re.IGNORECASE
)  # of small accesses, as fio has it
_TITLE = 40  # characters; what is longer says more than whether all below it was measured
_HIGH = re.compile(r"\bhigh[- ]bandwidth\b", re.IGNORECASE)  # memory of this name
_MOST_OF_PASSAGE = 32  # candidates: two of each of its quantities
_UNDECIDED = re.compile(
    r"\bwhich (?:of (?:the two|them|these|both) )?(?:one |figure |value )?is (?:right|correct|true)\b|"
    r"\bassume neither\b|"
    r"\b(?:not|un)\s?(?:clear|known|certain) which\b|\bcannot both be\b|\bcontradict each other\b",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\b(?:min|typ|max|avg|mean|median|nom|p[0-9]{2})\w*(?:\s?[/,]\s?(?:min|typ|max|avg|mean|median|nom|"
    r"p[0-9]{2})\w*)+",
    re.I,
)
_LONG = re.compile(r"\b(?:h|hours?|days?|stunde|tag)$", re.IGNORECASE)
_FIELDS = {"time": "{}_latency_ns", "bandwidth": "{}_bandwidth_bytes_per_s", "bytes": "capacity_bytes"}
_LINKED = r"\s?(?:\([^)]*\)\s?)?(?::|=|\bis\b|\bof\b|\bare\b|\bwas\b|\s{2,}|\.{3})[^,;.]{0,24}$"


@dataclass(frozen=True)
class Candidate:
    """A claim with its ``standing`` (see ``words``).

    ``is_directed``: its direction is said, not only inferred; ``is_total``: it is said to be of all parts;
    ``passage``: the number of its passage.
    """

    claim: Claim
    standing: int
    is_directed: bool
    is_total: bool = False
    passage: int = 0


@dataclass
class Found:
    candidates: list[Candidate] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def read(passages: Sequence[Passage], about: Subject) -> Found:
    """Candidates for the six figures, and what was left out for a reason worth saying."""
    found = Found()
    undecided: set[str] = set()
    bare: list[Place] = []
    for passage in passages:
        for quantity in passage.quantities:
            index = clauses.holding(passage.clauses, quantity.start)
            place = Place(passage, quantity, passage.clauses, index, passage.quantities)
            fields = list(_fields(place, about.has_parts))
            if fields:
                _place(place, fields, about, found)
            elif latencies.may_be_one(place, about) and _left_out(place, about) is None:
                bare.append(place)
        if _UNDECIDED.search(passage.text) and found.candidates:
            latest = found.candidates[-1].passage
            disputed = (
                c.claim.field for c in reversed(found.candidates[-_MOST_OF_PASSAGE:]) if c.passage == latest
            )
            undecided.update(disputed)
    is_read = any(candidate.claim.field == "read_latency_ns" for candidate in found.candidates)
    usual = [place for place in bare if words.standing(f"{place.before} {place.after}") < _EXTREME] or bare
    if not is_read and len({place.quantity.value for place in usual}) == 1:
        _place(usual[0], list(_latencies(usual[0])), about, found)
    # What would decide between them is taken from them: the text says that nobody can.
    found.candidates = [
        replace(each, standing=words.PLAIN, is_total=False) if each.claim.field in undecided else each
        for each in found.candidates
    ]
    return found


def _place(place: Place, fields: Sequence[tuple[str, bool]], about: Subject, found: Found) -> None:
    if _defines_unit(place) or _is_of_transfer(place):
        return
    said = place.passage.words(place.quantity.start, place.quantity.end)
    left_out = _left_out(place, about)
    if left_out:
        found.doubts.append(doubt(fields[0][0], said, left_out))
        return
    if place.quantity.value < 0:
        found.doubts.append(doubt(fields[0][0], said, "it is negative, and no figure of a device can be"))
        return
    meant = _mismatched(place)
    if meant:
        found.doubts.append(doubt(meant, said, "its unit does not fit what it is said to be"))
        return
    near = f"{place.owner} {place.before} {_own_after(place)} {place.passage.column}"
    title = place.passage.about if len(place.passage.about) <= _TITLE else ""
    said_of_it = (near, place.passage.label, title)
    standing = next(
        (rank for said in said_of_it if (rank := words.standing(said)) != words.PLAIN), words.PLAIN
    )
    listed = _listed_standing(place)
    standing = standing if listed is None else listed
    if standing == words.PLAIN and about.changed and words.PAST.search(place.passage.text):
        standing = words.PAST_STANDING
    is_sideline = _SIDELINE[place.quantity.family].search(place.before + place.after)
    if is_sideline or _OF_IOPS.search(place.passage.text[: place.quantity.start]):
        standing = max(standing, _EXTREME)
    value = _worse_end(place.quantity)
    around = place.before + place.after
    if place.clause.opener == "(" and place.index:
        around = place.among[place.index - 1].text + around  # "PCIe 4.0 (32 GB/s)"
    for name, is_directed in fields:
        link = place.quantity.family == "bandwidth" and words.LINK.search(f"{place.passage.label} {around}")
        found.candidates.append(
            Candidate(
                Claim(name, value, said),
                4 if link else standing,
                is_directed,
                _is_total(place),
                place.passage.number,
            )
        )


def _own_after(place: Place) -> str:
    """What stands behind it, up to the next of its kind: "140 ns, 400 ns under load"."""
    said = place.passage.text[place.quantity.start : place.quantity.end]
    following = [
        q.start for q in place.others if q.family == place.quantity.family and q.start > place.quantity.start
    ]
    has_unit = bool(re.search(r"[^\W\d]", said))
    return place.after[: following[0] - place.quantity.end] if following and has_unit else place.after


def _listed_standing(place: Place) -> int | None:
    """How far it holds by its place in two lists: "250/300/480 ns (min/typ/max)"."""
    if place.quantity.group < 0:
        return None
    listed = [q for q in place.others if q.group == place.quantity.group]
    for named in _LISTED.finditer(place.passage.text):
        names = re.split(r"[/,]", named[0])
        if len(names) == len(listed):
            return words.standing(names[listed.index(place.quantity)])
    return None


def _defines_unit(place: Place) -> bool:
    """Whether it is a side of "1 MB/s = 1,000,000 bytes/s"."""
    text, quantity = place.passage.text, place.quantity
    twins = [q for q in place.others if q is not quantity and q.family == quantity.family]
    return any(
        q.value == quantity.value
        and re.fullmatch(
            r"\s?(?:=|is|are|means)\s?", text[min(q.end, quantity.end) : max(q.start, quantity.start)]
        )
        for q in twins
    )


def _is_of_transfer(place: Place) -> bool:
    """Whether it is how much was moved, or how long that took ("612 MB in 3.01 seconds")."""
    return any(
        place.quantity in (much, long)
        and (much.family, long.family) == ("bytes", "time")
        and long.value >= latencies.MS
        and _IN.fullmatch(place.passage.text, much.end, long.start)
        for much, long in pairwise(place.others)
    )


def _is_total(place: Place) -> bool:
    near = f"{place.passage.label} {place.passage.column} {place.before}"
    return bool(words.TOTAL.search(near) or words.TOTAL.search(place.after[:24]))


def _left_out(place: Place, about: Subject) -> str | None:
    """Why the quantity is no figure of the device, if it is not."""
    quantity, passage = place.quantity, place.passage
    if subject.is_relative(passage.text[: quantity.start], passage.text[quantity.end :]):
        return "it is relative to something else"
    if subject.is_denied(passage.text[: quantity.start], passage.text[quantity.end :]):
        return "the text denies it"
    if about.is_others(passage, quantity.start, quantity.end):
        return "it belongs to something else"
    return None


def _mismatched(place: Place) -> str | None:
    """The field that it is said to be and, by its unit, cannot be, as in "latency: 80 GB"."""
    families = {q.family for q in place.others if place.clause.start <= q.start < place.clause.end}
    if _NAMED[place.quantity.family].search(place.before):
        return None
    label = "" if place.passage.label in place.before else place.passage.label + " : "
    before = _HIGH.sub("", label + place.before)
    for family, name in _NAMED.items():
        if family not in families and re.search(name.pattern + _LINKED, before, re.IGNORECASE):
            way = "write" if words.WRITE.search(before) and not words.READ.search(before) else "read"
            return _FIELDS[family].format(way)
    return None


def _worse_end(quantity: Quantity) -> float:
    if quantity.range is None:
        return quantity.value
    return quantity.range[1] if quantity.family == "time" else quantity.range[0]


def _fields(place: Place, has_parts: bool) -> Iterator[tuple[str, bool]]:
    match place.quantity.family:
        case "time" if latencies.is_one(place):
            yield from _latencies(place)
        case "bandwidth" if _is_bandwidth(place):
            for name, is_directed in directions.of(place):
                yield f"{name}_bandwidth_bytes_per_s", is_directed
        case "bytes":
            size = sizes.field(place, has_parts)
            if size:
                yield size, True


def _latencies(place: Place) -> Iterator[tuple[str, bool]]:
    return ((f"{name}_latency_ns", is_directed) for name, is_directed in directions.of(place))


def _is_bandwidth(place: Place) -> bool:
    said = place.passage.text[place.quantity.start : place.quantity.end]
    # So much a day is what it endures.
    return not _LONG.search(said) and not words.NOT_BANDWIDTH.search(place.before + "\0" + place.after)
