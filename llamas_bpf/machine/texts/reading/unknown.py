"""Figures whose unit is none that is known ("latency: 4 jiffies"): left out, and named."""

import re
from collections.abc import Iterator, Sequence

from llamas_bpf.contracts.profile import Doubt
from llamas_bpf.machine.texts import written_numbers
from llamas_bpf.machine.texts.grounding import doubt
from llamas_bpf.machine.texts.reading import words
from llamas_bpf.machine.texts.reading.passages import Passage

_IS = re.compile(
    r"(?:[:=]|\b(?:is|are|of|takes?|about|around|at|needs?)|\s{2,})\s?(?:about |around |some |roughly |"
    r"only |[~≈])?$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[\s-]?([a-z][a-z-]{2,20}(?:/s| per [a-z]+)?)\b", re.IGNORECASE)
_NO_UNIT = re.compile(
    r"times|percent|cores?|pages?|channels?|years?|ranks?|modules?|threads?|lanes?|of|and|or|to|the|"
    r"than|for|in|on|at|with|per|bits? wide|devices?|drives?|nodes?|dimms?|stacks?|and|but|while|cycles|"
    r"writes|reads|when|if|ways?|out|each|because|months?|weeks?",
    re.IGNORECASE,
)
_FIELDS = {
    "latency_ns": words.LATENCY,
    "bandwidth_bytes_per_s": words.BANDWIDTH,
    "capacity_bytes": re.compile(r"\b(?:capacity|size|kapazität)\b", re.IGNORECASE),
}


def doubts(passages: Sequence[Passage]) -> list[Doubt]:
    """A doubt for each number behind the name of a figure, and before a word that is no unit."""
    return [found for passage in passages for found in _doubts(passage)]


def _doubts(passage: Passage) -> Iterator[Doubt]:
    spans = [(q.start, q.end) for q in passage.quantities]
    for number in written_numbers.find(passage.text):
        before = passage.text[max(0, number.start - 60) : number.start]
        unit = _UNIT.match(passage.text, number.end)
        if unit is None or not _IS.search(before) or _NO_UNIT.fullmatch(unit[1].split("/")[0].split(" ")[0]):
            continue
        if any(start <= number.start < end for start, end in spans):
            continue
        field = _field(before)
        if field:
            said = passage.words(number.start, unit.end())
            yield doubt(
                field, said, f"“{unit[1]}” is no unit that is known: give it in ns, GB, GB/s or the like"
            )


def _field(before: str) -> str | None:
    read, write = words.READ.search(before), words.WRITE.search(before)
    for field, name in _FIELDS.items():
        if name.search(before):
            return (
                field if field == "capacity_bytes" else f"{'write' if write and not read else 'read'}_{field}"
            )
    if read or write:
        return f"{'write' if write and not read else 'read'}_latency_ns"
    return None
