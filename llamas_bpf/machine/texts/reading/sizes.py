"""What a number of bytes is of a device: its capacity, the unit that it works in, or neither."""

import re

from llamas_bpf.machine.texts.reading import words
from llamas_bpf.machine.texts.reading.places import Place

_SMALL = 1 << 20  # bytes; what is smaller is rather a unit than a memory, unless it is said to be one
_HOLDS = re.compile(
    rf"\b(?:capacity|size|holds?|memory|{words.TECHNOLOGY}|\w*RAM|E?EPROM|scratchpad|crossbar|array|chip)\b",
    re.IGNORECASE,
)
_BENCHMARK = re.compile(
    r"\b(?:random|sequential|QD|iops|fio|dd|bs|queue depth|benchmark\w*|files?)\b", re.IGNORECASE
)
_USABLE = re.compile(
    r"\b(?:usable|available|(?:can|may|might|could) be (?:used|had|taken|allocated)|visible)\b", re.IGNORECASE
)
_PART_OF = re.compile(r"\s(?:out )?of (?:the |its |these |those )?[0-9]", re.IGNORECASE)
_BITS = re.compile(r"[KMGT]i?b(?:its?)?$")
# "The boxes have arrived: each holds 30 TB."
_EACH_HOLDS = re.compile(
    r"\b(?:each|every) (?:one )?(?:of (?:them|these) )?(?:holds|has|offers|stores|"
    r"is an? [\w -]{1,24} (?:of|with))\s(?:\w+\s)?$",
    re.IGNORECASE,
)
_WIDTH = re.compile(r"[0-9]+[ -]?bits?", re.IGNORECASE)  # a "128-bit bus" is so wide, not so large
_DRIVES = re.compile(
    r"\b(?:drives?|disks?|ssds?|hdds?|tapes?|cartridges?)\b", re.IGNORECASE
)  # are used one by one
_OF_DEVICE = re.compile(
    r"\b(?:drives?|disks?|ssds?|modules?|expander|card|pool|node|device|volume|tapes?|cartridges?|memory)\s"
    r"(?:of|with|has|have|holds?|offers?)\s(?:\w+\s)?$",
    re.IGNORECASE,
)
_MOVING = re.compile(
    r"\b(?:copy|mov|read|writ|scann|restor|stream|load|transferr|migrat)ing (?:\w+ )?$", re.IGNORECASE
)
# "Our index is 200 GB": the size of what somebody puts there, and not of the device.
_OF_DATA = re.compile(
    r"\W*(?:(?:the|our|my|its|an?|each|every|one|your|their|all|two|"
    r"most)\s)?(?:[\w-]+\s)?(?:index(?:es)?|indices|"
    r"snapshots?|inputs?|outputs?|logs?|swap|backups?|photos?|videos?|databases?|checkpoints?|dumps?|"
    r"weights|heaps?|"
    r"vms?|jobs?|apps?|programs?|services?|applications?|containers?|process(?:es)?|documents?)\s"
    r"(?:is|are|was|were|weighs?|over|above|grows?|shares?|uses?|fills?)\s(?:\w+\s)?",
    re.IGNORECASE,
)
_PRICED = re.compile(r"(?:\bper|/)\s?$", re.IGNORECASE)
_CAPACITY = re.compile(r"\b(?:capacity|size)\b", re.IGNORECASE)


def field(place: Place, has_parts: bool) -> str | None:
    """The field that the quantity is of, if any. ``has_parts``: the device consists of several alike."""
    if _is_unit(place):
        return "granularity_bytes"
    return "capacity_bytes" if _is_capacity(place, has_parts) else None


def _is_unit(place: Place) -> bool:
    label, near = _label(place), _near(place)
    if not _is_small(place):
        return words.is_granularity(label)
    if not _BENCHMARK.search(near) and any(map(words.is_granularity, (label, near, place.owner))):
        return True
    return not _is_of_use(place) and bool(words.GRANULARITY.search(near + label))


def _is_capacity(place: Place, has_parts: bool) -> bool:
    if _is_of_use(place) or words.ENDURANCE.search(place.passage.about):
        return False
    label, said = _label(place), place.passage.text[place.quantity.start : place.quantity.end]
    if _WIDTH.fullmatch(said.strip()):
        return False
    if "density" in f"{label} {_near(place)}".lower() and _BITS.search(said):
        return False  # a chip's
    ahead = place.passage.text if place.passage.number == 0 else place.before  # "An EEPROM, 256 KiB."
    if _is_small(place) and not _HOLDS.search(f"{label} {place.owner} {ahead} {place.after}"):
        return False
    is_each = words.EACH.match(place.passage.text, place.quantity.end)
    return not (
        (is_each and (has_parts or not (_CAPACITY.search(label) or _DRIVES.search(place.before))))
        or _MOVING.search(place.before)
        or _PRICED.search(place.before)
        or _OF_DATA.fullmatch(place.before)
        or words.COUNTED.search(place.before)
        or (
            words.EACH_OF.search(f"{label} {place.before}")
            and (has_parts or not _EACH_HOLDS.search(place.before))
        )
        or (_PART_OF.match(place.after) and not _USABLE.search(place.passage.text))
    )


def _is_of_use(place: Place) -> bool:
    """Whether it is the size of what is put there or sent, and not of the device."""
    near = _near(place)
    is_not = words.NOT_CAPACITY.search(near) or words.NOT_CAPACITY.search(_label(place))
    return bool(is_not) and not _USABLE.search(near) and not _OF_DEVICE.search(place.before)


def _is_small(place: Place) -> bool:
    return 0 <= place.quantity.value < _SMALL


def _label(place: Place) -> str:
    return f"{place.passage.label} {place.passage.column}"


def _near(place: Place) -> str:
    return place.before[-60:] + "\0" + place.after[:40]
