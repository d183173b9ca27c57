"""The classes of processors in records: ``big { cores = 4; cpus = 4-7; fmax = 2.8 GHz; }``, or by lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage

_MOST = 16
_MOST_WORDS = 300
_PAIR = re.compile(
    r"(?P<key>[A-Za-z][\w .-]{1,20}?)[\"']?\s?[:=]\s?(?P<value>[^;{}=:]{1,60}?)(?=[;{}\n]|,\s|,?\s*$)"
)
_KEYS = {
    "cpus": re.compile(
        r"(?:linux |logical )?(?:cpus?|cpu[ _-]?(?:list|ids?|set)|ids?|harts?)", re.IGNORECASE
    ),
    "count": re.compile(
        r"(?:n|num|nr|number of)?[ _-]?(?:cores?|cpus?|harts?)|count|how many|qty", re.IGNORECASE
    ),
    "clock": re.compile(
        r"(?:\w+[ _.-])?(?:f|freq\w*|clock\w*|turbo|boost|speed|fmax|f_max|[mgk]hz)(?:[ _.-]\w+)?",
        re.IGNORECASE,
    ),
    "name": re.compile(r"name|class|type|kind|cluster|core type|sort", re.IGNORECASE),
}
_LIST = re.compile(r"[\"'\[]?([0-9]{1,4}(?:-[0-9]{1,4})?(?:,\s?[0-9]{1,4}(?:-[0-9]{1,4})?)*)[\"'\]]?")
_SECTION = re.compile(r"\W*([A-Za-z][\w. -]{0,30}?)\W*")


@dataclass
class _Record:
    """What is gathered of a class; ``raws`` are the passages it was read from, in order."""

    name: str = ""
    values: dict[str, object] = field(default_factory=dict)
    raws: list[str] = field(default_factory=list)


def read(passages: Sequence[Passage]) -> list[Claim]:
    """A claim for each record of CPUs or a number of cores, and a clock or both."""
    claims: list[Claim] = []
    record = _Record()
    for passage in passages:
        found = dict(_pairs(passage))
        section = _SECTION.fullmatch(passage.text)
        if not found or any(key in record.values for key in found):
            claims += _claim(record)
            record = _Record(section[1], {}, [passage.raw]) if section and not found else _Record()
        if found:
            named = str(found.pop("name", "")) or passage.text.split(maxsplit=1)[0].strip("[]{}:\"'-")
            record.name = record.name or named
            record.values |= found
            record.raws.append(passage.raw)
    claims += _claim(record)
    return claims[:_MOST]


def _pairs(passage: Passage) -> Iterator[tuple[str, object]]:
    for pair in _PAIR.finditer(passage.text):
        key = re.sub(r"^[\W_]+", "", pair["key"]).strip()
        value = pair["value"].strip()
        kind = next((kind for kind, name in _KEYS.items() if name.fullmatch(key)), None)
        listed = _LIST.fullmatch(value)
        speeds = [
            q.value
            for q in passage.quantities
            if q.family == "frequency" and pair.start() <= q.start < pair.end()
        ]
        if speeds and kind in ("clock", None):
            yield "max_hz", max(speeds)
        elif kind == "name" and value:
            yield "name", value.strip("\"'")[:60]
        elif kind in ("cpus", "count") and listed:
            if listed[1].isdigit() and (kind == "count" or key.lower() not in ("cpu", "cpus")):
                yield "count", int(listed[1])
            else:
                yield "cpus", listed[1].replace(" ", "")


def _claim(record: _Record) -> Iterator[Claim]:
    words = " ".join(raw.strip() for raw in record.raws)
    if len(record.values) > 1 and len(words) <= _MOST_WORDS and record.name:
        yield Claim("cpu_classes", {"name": record.name, **record.values}, words)
