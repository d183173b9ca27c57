"""The classes of processors in a table with one class a row: "| big | 4 | CPUs 4-7 | 2.8 GHz |"."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from llamas_bpf.machine import written_numbers
from llamas_bpf.machine.grounding import Claim
from llamas_bpf.machine.reading.passages import Passage

_COUNT = re.compile(r"\b(?:cores?|count|number|how many|quantity|qty|anzahl|kerne)\b|#", re.IGNORECASE)
_CLOCK = re.compile(r"\b(?:clock|freq\w*|turbo|boost|speed|[GM]Hz|takt\w*)", re.IGNORECASE)
_CPUS = re.compile(r"\b(?:cpus?|cpu list|ids?|logical|numbers)\b", re.IGNORECASE)
_ABOUT_CPUS = re.compile(r"\bcores?\b|\bcpus?\b|\bkerne\b", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:cuda|tensor|gpu|shader|memory|cache)\b", re.IGNORECASE)
_LIST = re.compile(r"\s*([0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*)\s*")


def read(passages: Sequence[Passage]) -> list[Claim]:
    """A claim for each row with a number of cores, in a table whose heads speak of cores or CPUs."""
    claims: list[Claim] = []
    for _, group in groupby(passages, key=lambda passage: passage.row):
        row = list(group)
        name = row[0].raw.strip(" *_`")
        if name and _ABOUT_CPUS.search(" ".join((*row[0].heads, name))):
            claims += _claims(name[:60], row)
    return claims


def _claims(name: str, row: Sequence[Passage]) -> Iterator[Claim]:
    words = "|".join(cell.raw for cell in row).strip(" |")
    value: dict[str, object] = {}
    highest = 0.0
    for cell in row[1:]:
        listed = _LIST.fullmatch(cell.raw)
        if _CLOCK.search(cell.column):
            speeds = [q.value for q in cell.quantities if q.family == "frequency"]
            highest = max([*speeds, highest])
        elif listed and _CPUS.search(cell.column) and not _COUNT.search(cell.column):
            value["cpus"] = listed[1]
        elif _COUNT.search(cell.column) and "count" not in value:
            numbers = written_numbers.find(cell.text)
            if len(numbers) == 1 and numbers[0].value == int(numbers[0].value) >= 1:
                value["count"] = int(numbers[0].value)
    if "count" in value and not _OTHERS.search(name) and len(words) <= 300:
        yield Claim("cpu_classes", {"name": name, "max_hz": highest or None, **value}, words)
