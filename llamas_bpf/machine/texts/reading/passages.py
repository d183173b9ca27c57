"""A text as passages: sentences, entries (``key: value``) and table cells, each with what stands above it."""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from llamas_bpf.machine.texts import gutters, instructions, quantities, sentences, tables, units
from llamas_bpf.machine.texts.quantities import Quantity
from llamas_bpf.machine.texts.reading import clauses
from llamas_bpf.machine.texts.reading.clauses import Clause

_MOST_WORDS = 300
_MOST_QUANTITIES = 16  # what has more in one sentence is not meant to be read
_MARKUP = re.compile(r"[*`_]{1,3}(?=\w)|(?<=\w)[*`_]{1,3}(?!\w)|^[\s>*•+#–`-]+|[|\n\t]")
_HEADING = re.compile(r"#{1,6}\s|\*\*[^*]+\*\*:?\s*$|[^\n]{2,80}\n(?:={3,}|-{3,})\s*$")
_LABEL = re.compile(
    r"\s{0,20}([^:=|\s][^:=|]{1,49}?)\s{0,40}(?:[:=](?![/\d])|\s\||\.{3,}|\s{2,}|\t|\s[-–—]\s)(?=\s*\S)"
)
_NUMBERED = re.compile(r"^[ \t]*[0-9]{1,2}/(?=\s)", re.MULTILINE)  # posts: "4/ 64 GiB"
_DIGIT = re.compile(r"[0-9]")
_UNIT = re.compile(r"\s*[A-Za-zµμ%]{1,6}(?:/s)?\s*")
_ITEM = re.compile(r"\s*(?:[-*•+>|–]|[0-9]{1,2}[.)]\s)|[ \t]+\S")
#: A short line right above a list names what is in it: "When to use it".
_LEAD = re.compile(r"[A-Za-z][^\n.,;:=|0-9]{2,40}")
_ITEM_BELOW = re.compile(r"[ \t]*\n\s{0,8}[-*•]\s")


@dataclass(frozen=True)
class Passage:
    """``raw`` is a piece of the body; ``text`` the same, as long, with markup and line ends as spaces.

    ``label``: what names the value (the key, the row's first cell). ``column``: a table column's head,
    one of ``heads``. ``about``: the headings and the line with a colon above it. ``table``, ``row``:
    where its table and its row (or it) begin in the body. ``number`` counts passages from 0; ``quantities``
    are where they stand in it, ``clauses`` what it consists of.
    """

    raw: str
    text: str
    label: str
    column: str
    heads: tuple[str, ...]
    about: str
    table: int
    row: int
    number: int
    quantities: tuple[Quantity, ...]
    clauses: tuple[Clause, ...]

    def words(self, start: int, end: int) -> str:
        """The body's words around ``start`` to ``end``: all of the passage, or as much as evidence may be."""
        if len(self.raw) <= _MOST_WORDS:
            return self.raw.strip()
        begin = max(0, min(start, end - _MOST_WORDS + 60) - 40)
        begin = begin if begin == 0 else self.raw.find(" ", begin, start) + 1 or start
        stop = min(len(self.raw), begin + _MOST_WORDS)
        stop = stop if stop == len(self.raw) else max(self.raw.rfind(" ", end, stop), min(end, stop))
        return self.raw[begin:stop].strip()


class _Draft(NamedTuple):
    start: int
    end: int
    label: str
    column: str
    heads: tuple[str, ...]
    about: str
    table: int
    row: int


def split(body: str) -> list[Passage]:
    """The passages of ``body`` in order, without those that instruct the reader."""
    kept = list(body)
    for start, end in instructions.spans(body):
        kept[start:end] = [c if c == "\n" else " " for c in body[start:end]]
    quoted = _NUMBERED.sub(lambda number: " " * len(number[0]), "".join(kept))
    body = gutters.without(quoted)
    found: list[_Draft] = []
    heading = lead = ""
    columns: list[str] = []
    row: list[str] = []
    last = table = head = 0
    for start, end in sentences.spans(body):
        raw = body[start:end]
        is_apart = "\n\n" in re.sub(r"[ \t]", "", body[last:start])
        line = body[body.rfind("\n", 0, start) + 1 : end]
        if is_apart and not _ITEM.match(line):
            lead = ""
        last = end
        if _HEADING.match(raw):
            heading, lead = raw.strip("#*=-: \n"), ""
        if tables.RULE.fullmatch(raw):
            columns, table = row, head
            continue
        cells = tables.cells(raw)
        aligned = [] if cells else tables.aligned(raw)
        if aligned:
            is_headed = len(columns) == len(aligned) and not is_apart
            if (
                not is_headed
                and len(row) == len(aligned)
                and not is_apart
                and not _DIGIT.search(" ".join(row))
            ):
                is_headed, columns, table = True, row, head
            cells = aligned if is_headed else []
        row, head = [raw[a:b].strip() for a, b in cells or aligned], start
        about = f"{heading} / {lead}".replace("_", " ")
        if len(cells) < 3 and not (columns and cells and row[0][:1].isdigit()):
            columns = columns if cells else []
            found.append(_Draft(start, end, "", "", (), about, start, start))
        else:
            for place, (a, b) in enumerate(cells):
                column = columns[place] if place < len(columns) else ""
                label = row[0] if place else ""
                found.append(
                    _Draft(
                        start + a,
                        _with_unit(raw, cells, place, b) + start,
                        label,
                        column,
                        tuple(columns),
                        about,
                        table,
                        start,
                    )
                )
        if raw.rstrip("*_ ").endswith(":") or (_ITEM_BELOW.match(body, end) and _LEAD.fullmatch(raw)):
            lead = raw
    return [passage for passage in _finished(body, quoted, found) if passage.raw.strip(" |")]


def _blank(mark: re.Match[str]) -> str:
    return ":" if mark[0] == "|" else " " * len(mark[0])


def _with_unit(raw: str, cells: list[tuple[int, int]], place: int, end: int) -> int:
    """The end of a cell, or of the row where its last cell is the unit of all."""
    last = raw[slice(*cells[-1])]
    return cells[-1][1] if 0 < place < len(cells) - 1 and _UNIT.fullmatch(last) and units.at(last, 0) else end


def _finished(body: str, quoted: str, drafts: Sequence[_Draft]) -> Iterator[Passage]:
    """With their quantities: found in the whole body, since a table has a column's unit in its head.

    ``quoted`` is the body with its gutters, as words must be quoted from it.
    """
    everywhere = quantities.find(body)
    starts = [quantity.start for quantity in everywhere]
    for number, draft in enumerate(drafts):
        raw = quoted[draft.start : draft.end]
        text = _MARKUP.sub(_blank, body[draft.start : draft.end])
        named = _LABEL.match(text)
        label = draft.label or (named[1] if named else "")
        first = bisect.bisect_left(starts, draft.start)
        last = bisect.bisect_left(starts, draft.end)
        own = tuple(
            replace(q, start=q.start - draft.start, end=min(q.end, draft.end) - draft.start)
            for q in everywhere[first:last]
        )
        # Of a row whose unit is at its end, only the first number is the cell's.
        own = own[: 1 if draft.label else _MOST_QUANTITIES]
        yield Passage(
            raw,
            text,
            label,
            draft.column,
            draft.heads,
            draft.about,
            draft.table,
            draft.row,
            number,
            own,
            clauses.split(text, own),
        )
