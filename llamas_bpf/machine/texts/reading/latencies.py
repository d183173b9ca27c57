"""Which times of a text are latencies."""

import re

from llamas_bpf.machine.texts.reading import words
from llamas_bpf.machine.texts.reading.clauses import BOTH
from llamas_bpf.machine.texts.reading.places import Place
from llamas_bpf.machine.texts.reading.subject import Subject

MS = 1e6  # ns; what takes longer is no access, unless it is called one
_SHORTEST = 10  # ns; what takes less is a cache's, or a clock's
_NAMES = re.compile(
    rf"(?:[\W\d]|\b(?:{words.TECHNOLOGY}|numa|nodes?|cpus?|and|to|memory|ram|local|remote|near|far|slow|fast|"
    r"expander|module|card|board|about|ca|roughly)\b){0,120}",
    re.IGNORECASE,
)
_DRAM = re.compile(r"\b(?:DRAM|DDR\d)\b")


def is_one(place: Place) -> bool:
    """Whether a time is a latency, by what its sentence, or what stands above it, says."""
    near = place.before + " " + place.after
    if _is_excluded(place):
        return False
    named = (words.LATENCY, words.READ, words.WRITE, BOTH)
    if any(word.search(near) for word in named):
        return True
    around = place.passage.text[: place.quantity.start] + place.passage.text[place.quantity.end :]
    if not (place.passage.label or place.passage.column or re.search(r"\w", around)):
        return place.quantity.value < MS  # nothing else is said: "~260 ns."
    wider = [
        *(clause.text for clause in place.among[: place.index]),
        place.passage.label,
        place.passage.column,
    ]
    if any(word.search(text) for text in wider for word in named):
        return True
    listed = any(q.family in ("bytes", "bandwidth") for q in place.others)  # "128 GB, 200 ns"
    listed = listed or _is_bare(place)
    if place.quantity.value < MS and (listed or words.ACCESS.search(place.passage.text)):
        return True
    return bool(words.LATENCY.search(place.passage.about) or words.READ.search(place.passage.about))


def may_be_one(place: Place, about: Subject) -> bool:
    """Whether a time may be one, if it is the only one: short, and of nothing else by its sentence."""
    quantity = place.quantity
    is_short = quantity.family == "time" and _SHORTEST <= quantity.value < MS

    is_dram = not about.is_main and _DRAM.search(place.before)  # "CXL memory; DRAM is at 90 ns"
    is_other = is_dram or _is_excluded(place) or words.NOT_ACCESS.search(place.passage.text)
    return is_short and not is_other


def _is_excluded(place: Place) -> bool:
    """Whether a time is said to be something else than a latency, or a cache's."""
    near = place.before + " " + place.after
    cache = words.MISSED.sub(" ", f"{place.owner} {place.passage.label} {near}")
    return bool(words.NOT_LATENCY.search(near) or words.CACHE.search(cache))


def _is_bare(place: Place) -> bool:
    """Whether the passage says nothing but what it is, and quantities ("node 2: CXL, 250 ns")."""
    rest = list(place.passage.text)
    for quantity in place.others:
        rest[quantity.start : quantity.end] = " " * (quantity.end - quantity.start)
    return bool(_NAMES.fullmatch("".join(rest)))
