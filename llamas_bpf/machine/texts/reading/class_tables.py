"""The classes of processors in tables, one class a row ("| big | 4 | 2.8 GHz |") or a column."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from llamas_bpf.machine.texts import written_numbers
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage

_MOST_WORDS = 300
_MOST = 16
_COUNT = re.compile(r"\b(?:cores?|count|number|how many|quantity|qty|anzahl|kerne)\b|#", re.IGNORECASE)
_CLOCK = re.compile(r"\b(?:clock|freq\w*|turbo|boost|speed|[GM]Hz|takt\w*)", re.IGNORECASE)
_CPUS = re.compile(r"\b(?:cpus?|cpu list|ids?|logical|numbers)\b", re.IGNORECASE)
_KIND = re.compile(r"\b(?:kind|type|class|name|art|typ|core)\b", re.IGNORECASE)
_ABOUT_CPUS = re.compile(r"\b(?:cores?|cpus?|kerne|processors?)\b", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:cuda|tensor|gpu|shader|memory|cache)\b", re.IGNORECASE)
_LIST = re.compile(r"\s*([0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*)\s*")


def read(body: str, passages: Sequence[Passage]) -> list[Claim]:
    """A claim for each class with a number of cores, in a table that speaks of cores or CPUs."""
    claims: list[Claim] = []
    cells = [passage for passage in passages if passage.heads]
    for start, group in groupby(cells, key=lambda cell: cell.table):
        table = list(group)
        rows = [list(row) for _, row in groupby(table, key=lambda cell: cell.row)]
        if any(_ABOUT_CPUS.search(head) for head in table[0].heads[1:]) and any(
            _CLOCK.search(row[0].raw) or _COUNT.search(row[0].raw) for row in rows
        ):
            words = _words(body, start, rows[-1][0].row)
            columns = [list(column) for column in zip(*(row[1:] for row in rows), strict=False)]
            claims += [c for cells in columns for c in _claims(cells[0].column, cells, words, of_column=True)]
        elif _ABOUT_CPUS.search(" ".join((*table[0].heads, *(row[0].raw for row in rows)))):
            for row in rows:
                words = _words(body, row[0].row, row[0].row)
                claims += _claims(*_named(row), words, of_column=False)
    return claims[:_MOST]


def _words(body: str, start: int, last_row: int) -> str:
    """From ``start`` to the end of the last row's line."""
    end = body.find("\n", last_row)
    return body[start : end if end >= 0 else len(body)].strip(" |\n")


def _named(row: Sequence[Passage]) -> tuple[str, Sequence[Passage]]:
    """A row's name, and the cells that tell of it: the name is the first, unless that is a list of CPUs."""
    names = row
    if _LIST.fullmatch(row[0].raw) and _CPUS.search(row[0].column):
        names = [cell for cell in row[1:] if _KIND.search(cell.column)]
    cells = row if names is not row else row[1:]
    return (names[0].raw.strip(" *_`") if names else ""), cells


def _claims(name: str, cells: Sequence[Passage], words: str, of_column: bool) -> Iterator[Claim]:
    value: dict[str, object] = {}
    highest = 0.0
    for cell in cells:
        what = cell.label if of_column else cell.column
        listed = _LIST.fullmatch(cell.raw)
        if _CLOCK.search(what):
            highest = max([*(q.value for q in cell.quantities if q.family == "frequency"), highest])
        elif listed and _CPUS.search(what) and not _COUNT.search(what):
            value["cpus"] = listed[1]
        elif _COUNT.search(what) and "count" not in value:
            numbers = written_numbers.find(cell.text)
            if len(numbers) == 1 and numbers[0].value == int(numbers[0].value) >= 1:
                value["count"] = int(numbers[0].value)
    if name and "count" in value and not _OTHERS.search(name) and len(words) <= _MOST_WORDS:
        yield Claim("cpu_classes", {"name": name[:60], "max_hz": highest or None, **value}, words)
