"""Cuts a passage into clauses: as small as they can be with one subject and one verb."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from llamas_bpf.machine.texts.quantities import Quantity

_READ = r"(?:t?reads?|t?rd|reading|loads?|lese\w*)"
_WRITE = r"(?:t?writes?|t?wr|writing|stores?|schreib\w*)"
_JOIN = r"\s*(?:,?\s*\b(?:and|or|und|oder|as well as)\b(?: for| to)?|/|&|,|-|\+)\s*"
BOTH = re.compile(
    rf"\b(?:{_READ}{_JOIN}{_WRITE}|{_WRITE}{_JOIN}{_READ}|r/w)\b"
    r"|\b(?:both|either|each|per) (?:directions?|ways?)\b|\bbeiden? richtungen\b|\bsymmetric\w*",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"(?P<mark>[;()\[\]]|,(?=\s)|\s[–—/•·-]\s|\s(?:\*{2,3}|//)\s)"
    r"|(?<=\s)(?P<word>and|but|while|whereas|whilst|although|though|"
    r"however(?! (?:often|rarely|much|many))|because|since|so|und|aber|or|nor)(?=\s)",
    re.IGNORECASE,
)

_WHOLE = re.compile(
    r"\b(?:now|over|again|here|day|night|more) and (?:then|again|over|there|night|day|more)\b"
    r"|\bneither [^.;:()]{1,60}?\bnor\b"
    r"|\bfirst and foremost\b|\b(?:go|try|come) and (?=\w)|\bbread and butter\b|\bmeat and drink\b"
    r"|\bkeep [^.;:()]{1,60}?\b(?:away|elsewhere|off (?:it|this|here)|somewhere else)\b"
    r"|\bthe (?:more|less|\w+er)\b[^.;:()]{1,60}, the (?:more|less|\w+er|worse)\b"
    r"|\bor (?:more|less|fewer|over)\b|[(\[]\s?(?:[nuµμm]?s|[KMGT]?i?B(?:/s|ps)?|[GM]Hz|%)\s?[)\]]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """``text`` stands from ``start`` of its passage; ``opener`` is what cuts it from the one before."""

    text: str
    start: int
    opener: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def holding(clauses: Sequence[Clause], place: int) -> int:
    """The number of the clause that ``place`` of the passage is in."""
    return next((i for i, clause in enumerate(clauses) if place < clause.end), len(clauses) - 1)


def split(text: str, quantities: Sequence[Quantity]) -> tuple[Clause, ...]:
    """The clauses of ``text`` in order, at least one; "read and write", and a range, stay in one."""
    whole = [match.span() for match in BOTH.finditer(text)]
    for one, other in pairwise(quantities):
        if (one.range and one.range == other.range) or (one.group >= 0 and one.group == other.group):
            whole.append((one.start, other.end))
    whole += [(quantity.start, quantity.end) for quantity in quantities]
    whole += [match.span() for match in _WHOLE.finditer(text)]
    inside = bytearray(len(text) + 1)
    for start, end in whole:
        inside[start:end] = b"\1" * (end - start)
    found, start, opener = [], 0, ""
    for cut in _CUT.finditer(text):
        if inside[cut.start()]:
            continue
        found.append(Clause(text[start : cut.start()], start, opener))
        start, opener = cut.end(), (cut["mark"] or cut["word"]).strip().lower()
    found.append(Clause(text[start:], start, opener))
    return tuple(clause for clause in found if clause.text.strip()) or (Clause(text, 0, ""),)
