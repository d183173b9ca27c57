"""Which figure each quantity of a text is: by the words nearest to it, in its clause, before it, above it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llamas_bpf.contracts.profile import Doubt
from llamas_bpf.machine.grounding import Claim, doubt
from llamas_bpf.machine.quantities import Quantity
from llamas_bpf.machine.reading import clauses, subject, words
from llamas_bpf.machine.reading.clauses import BOTH
from llamas_bpf.machine.reading.passages import Passage
from llamas_bpf.machine.reading.places import Place
from llamas_bpf.machine.reading.subject import Subject

_NAMED = {
    "time": words.LATENCY,
    "bandwidth": words.BANDWIDTH,
    "bytes": re.compile(r"\b(?:capacity|size|kapazität)\b", re.IGNORECASE),
}
# A sequential latency, or a random bandwidth, is the exception beside the usual one.
_SIDELINE = {
    "time": re.compile(r"\bsequential\b", re.IGNORECASE),
    "bandwidth": re.compile(r"\brandom\b", re.IGNORECASE),
    "bytes": re.compile(r"$^"),
}
_EXTREME = 3
_HIGH = re.compile(r"\bhigh[- ]bandwidth\b", re.IGNORECASE)  # memory of this name
_MS = 1e6  # ns; what takes longer is no access, unless it is called one
_HALF_OF_THAT = re.compile(
    r"\b(?:half|third|quarter|fraction|less|twice|double|percent|%)\b[^.;]{0,40}?\b(?P<way>writ(?:e|es|"
    r"ing)|read(?:s|ing)?)\b",
    re.IGNORECASE,
)
_FIELDS = {"time": "{}_latency_ns", "bandwidth": "{}_bandwidth_bytes_per_s", "bytes": "capacity_bytes"}
_LINKED = r"\s?(?:\([^)]*\)\s?)?(?::|=|\bis\b|\bof\b|\bare\b|\bwas\b|\s{2,}|\.{3})[^,;.]{0,24}$"


@dataclass(frozen=True)
class Candidate:
    """A claim with its ``standing`` (see ``words``), and whether its direction is said, not only inferred."""

    claim: Claim
    standing: int
    is_directed: bool


@dataclass
class Found:
    candidates: list[Candidate] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def read(passages: Sequence[Passage], about: Subject) -> Found:
    """Candidates for the six figures, and what was left out for a reason worth saying."""
    found = Found()
    for passage in passages:
        for quantity in passage.quantities:
            index = clauses.holding(passage.clauses, quantity.start)
            _place(Place(passage, quantity, passage.clauses, index, passage.quantities), about, found)
    return found


def _place(place: Place, about: Subject, found: Found) -> None:
    fields = list(_fields(place))
    if not fields:
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
    standing = words.standing(
        " ".join((place.owner, place.before, place.after, place.passage.column, place.passage.label))
    )
    if standing == words.PLAIN and about.changed and words.PAST.search(place.passage.text):
        standing = words.PAST_STANDING
    standing = max(
        standing, _EXTREME if _SIDELINE[place.quantity.family].search(place.before + place.after) else 0
    )
    value = _worse_end(place.quantity)
    for name, is_directed in fields:
        link = place.quantity.family == "bandwidth" and words.LINK.search(place.before + place.after)
        found.candidates.append(Candidate(Claim(name, value, said), 4 if link else standing, is_directed))


def _left_out(place: Place, about: Subject) -> str | None:
    """Why the quantity is no figure of the device, if it is not."""
    quantity, passage = place.quantity, place.passage
    if subject.is_relative(passage.text[: quantity.start], passage.text[quantity.end :]):
        return "it is relative to something else"
    if subject.is_denied(passage.text[: quantity.start]):
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


def _fields(place: Place) -> Iterator[tuple[str, bool]]:
    match place.quantity.family:
        case "time" if _is_latency(place):
            for name, is_directed in _directions(place):
                yield f"{name}_latency_ns", is_directed
        case "bandwidth" if not words.NOT_BANDWIDTH.search(place.before + "\0" + place.after):
            for name, is_directed in _directions(place):
                yield f"{name}_bandwidth_bytes_per_s", is_directed
        case "bytes":
            size = _size(place)
            if size:
                yield size, True


def _is_latency(place: Place) -> bool:
    near = place.before + " " + place.after
    if words.NOT_LATENCY.search(near) or words.CACHE.search(f"{place.owner} {place.passage.label} {near}"):
        return False
    named = (words.LATENCY, words.READ, words.WRITE, BOTH)
    if any(word.search(near) for word in named):
        return True
    around = place.passage.text[: place.quantity.start] + place.passage.text[place.quantity.end :]
    if not (place.passage.label or place.passage.column or re.search(r"\w", around)):
        return place.quantity.value < _MS  # nothing else is said: "~260 ns."
    wider = [
        *(clause.text for clause in place.among[: place.index]),
        place.passage.label,
        place.passage.column,
    ]
    if any(word.search(text) for text in wider for word in named):
        return True
    listed = any(q.family in ("bytes", "bandwidth") for q in place.others)  # "128 GB, 200 ns"
    if place.quantity.value < _MS and (listed or words.ACCESS.search(place.passage.text)):
        return True
    return bool(words.LATENCY.search(place.passage.about) or words.READ.search(place.passage.about))


def _size(place: Place) -> str | None:
    near = place.before[-60:] + "\0" + place.after[:40]
    label = f"{place.passage.label} {place.passage.column}"
    if words.is_granularity(label) or words.is_granularity(near):
        return "granularity_bytes"
    if words.NOT_CAPACITY.search(near) or words.NOT_CAPACITY.search(label):
        return None
    small = 0 <= place.quantity.value < 1 << 20
    if small:
        return "granularity_bytes" if words.GRANULARITY.search(near + label) else None
    if words.EACH.match(place.after) or words.COUNTED.search(place.before):
        return None
    return "capacity_bytes"


def _directions(place: Place) -> list[tuple[str, bool]]:
    """Read, write or both, and whether the text says so."""
    paired = _of_pair(place)
    if paired:
        return [(paired, True)]
    sources = [
        place.before + " " + place.after,
        *(clause.text for clause in place.earlier),
        f"{place.passage.label} {place.passage.column}",
        place.passage.about,
    ]
    for source in sources:
        if BOTH.search(source):
            return [("read", True), ("write", True)]
        read, write = words.READ.search(source), words.WRITE.search(source)
        if read and write:
            return [(_nearest(place), True)]
        if read or write:
            return [("read" if read else "write", True)]
    # "12 GB/s, and half of that when writing": the figure is the reads'.
    other = _HALF_OF_THAT.search(place.passage.text, place.quantity.end)
    if other:
        return [("read" if other["way"].lower().startswith("w") else "write", True)]
    return [("read", False), ("write", False)]


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


def _of_pair(place: Place) -> str | None:
    """The direction of one of two in a list: "90/300 ns (read/write)", "read and write: 90 and 300 ns"."""
    quantity = place.quantity
    listed = [q for q in place.others if q.group == quantity.group] if quantity.group >= 0 else []
    if len(listed) != 2 or listed[0].value == listed[1].value:
        return None
    around = f"{place.passage.label} {place.passage.column} {place.before} {place.after} {place.passage.text}"
    both = BOTH.search(around)
    if not both:
        return None
    read, write = words.READ.search(both[0]), words.WRITE.search(both[0])
    if not (read and write) and both[0].lower() != "r/w":
        return None
    order = ["write", "read"] if read and write and write.start() < read.start() else ["read", "write"]
    return order[0 if quantity == listed[0] else 1]
