"""Which of several devices is meant, where a text tells them apart by node, CPUs or PCI address."""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llamas_bpf.contracts.profile import Binding
from llamas_bpf.machine import cpulist
from llamas_bpf.machine.texts.reading import clauses
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.text import DeviceText

_LIST = r"[0-9]{1,4}(?:\s?(?:,|and|und|&|-|–|to|or)\s?[0-9]{1,4})*"
_END = r"(?![\w%]|\.[0-9]|\s?(?:[KMGT]i?B|[nmµu]s|[KMG]Hz|nm)\b)"
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
_NODE = re.compile(
    rf"\bnodes\s?({_LIST}){_END}|\b(?:(?:numa[ -]?)?(?:node|knoten)(?:_|\s?#|\sno\.?\s)?|numa)\s?"
    rf"([0-9]{{1,4}}{_END}|(?:{'|'.join(_WORDS)})\b)",
    re.I,
)
# "0: DDR5, 90 ns" in a list of nodes.
_ENTRY = re.compile(r"\W*(?:n|numa\s?)?([0-9]{1,3})\s{0,4}[:=–—-]\s", re.I)
_CPUS = re.compile(
    rf"\b(?:(?:cpus|cores|processors|threads)\s?({_LIST}){_END}|(?:cpu|core)\s?#?([0-9]{{1,4}}){_END})", re.I
)
_PCI = re.compile(r"(?<![\w:.])((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?![\w.])", re.I)
_NODE_HEAD = re.compile(r"(?:numa )?nodes?(?: ?(?:id|no\.?|number|#))?", re.I)
_CPUS_HEAD = re.compile(r"(?:cpus?|cores?)(?: ?(?:ids?|list|#))?", re.I)
# "Seen from node 0", "next to node 0", "slower than node 0": that is only near, or compared with.
_ONLY_NEAR = re.compile(
    r"\b(?:beside|near(?:est)?|next|close(?:st)?|local|attached|plugged|connected|wired|belongs|hangs?|"
    r"behind|off|into|to|than|like|unlike|versus|vs\.?|as|between|via|through|by|"
    r"(?:cpus?|cores?|processors?|threads?|sockets?|measured|port|slot) (?:of|on|in)|"
    r"(?<!read )(?<!reads )(?<!reading )from)\s(?:to\s)?(?:the\s)?(?:memory (?:of|on|in)\s)?$",
    re.I,
)
_ITS_PART = re.compile(
    r"['’]s\s(?:\w+\s)?(?:root|ports?|sockets?|cpus?|processors?|cores?|slots?|links?)\b",
    re.I,
)
#: What may stand before a name for the sentence to be about it: "On node 0", "The memory of node 0".
_HEAD = re.compile(
    r"\W*(?:(?:but|and|while|whereas|numa|here|now|the|our|for|on|in|of|at|reads?|writes?|from|to|this is)\s|"
    r"(?:\w+\s){1,3}(?<!is )(?<!are )(?<!sits )(?<!lives )(?<!lies )(?:of|on|in|at)\s){0,4}(?:the\s)?",
    re.I,
)
_THIS = re.compile(r"\W*(?:this|these|ours?|mine|here)\b", re.I)
_IT = re.compile(r"\W*(?:it|its)\b", re.I)
_IT_IN = re.compile(r"\b(?:it|its|ours?|we)\b", re.I)
_LONGEST_HEAD = 60  # characters
_NEAR = 20_000  # characters within which the next passage begins


@dataclass(frozen=True)
class _Name:
    """A device named by its address, from ``start`` to ``end``; ``leads``: its clause is about it."""

    start: int
    end: int
    is_bound: bool
    leads: bool


class Addressed:
    """Where a text that is bound to one node, CPUs or PCI address speaks of others by theirs."""

    def __init__(self, text: DeviceText, passages: Sequence[Passage]) -> None:
        self._binding = text.binding
        entries = {
            p.number: int(match[1]) for p in passages if not p.heads and (match := _ENTRY.match(p.text))
        }
        is_list = text.binding.node in entries.values() and len(set(entries.values())) > 1
        self._entries = entries if is_list else {}
        self._names = {passage.number: self._named_in(passage) for passage in passages}
        self._rows = dict(self._by_row(passages))
        self._carried = dict(self._by_paragraph(text.body, passages))

    def is_bound(self, passage: Passage, start: int, end: int) -> bool | None:
        """Whether ``start`` to ``end`` is about the bound device, where an address tells; else None."""
        column = self._any(passage.column)
        if column is not None:
            return column
        if passage.number in self._rows:
            return self._rows[passage.number]
        return self._in_sentence(passage, start, end)

    def _in_sentence(self, passage: Passage, start: int, end: int) -> bool | None:
        """By the name nearest to it: in its clause, else in clauses, else in sentences before."""
        place = clauses.holding(passage.clauses, start)
        clause = passage.clauses[place]
        names = self._names[passage.number]
        before = [name for name in names if name.end <= start]
        if before and before[-1].start >= clause.start:
            return before[-1].is_bound
        following = passage.clauses[place + 1] if place + 1 < len(passage.clauses) else None
        behind = [q.start for q in passage.quantities if q.start >= end]
        is_note = following is not None and following.opener in ("(", "[")
        if following and any(following.start <= place < following.end for place in behind):
            is_note = False  # "250 ns (node 0: 90 ns)"
        stop = following.end if following and is_note else clause.end
        after = [name for name in names if end <= name.start < min([stop, *behind])]
        if after:
            return after[0].is_bound
        if _THIS.match(clause.text):
            return None
        if before and not _IT_IN.search(clause.text):
            return before[-1].is_bound
        leading = [name for name in before if name.leads]
        return leading[-1].is_bound if leading else self._carried[passage.number]

    def _by_row(self, passages: Sequence[Passage]) -> Iterator[tuple[int, bool]]:
        """For each cell of a table row that names an address, whether it is the bound one."""
        row: list[Passage] = []
        for passage in [*passages, None]:
            if passage and row and passage.label and passage.label == row[0].raw.strip():
                row.append(passage)
                continue
            said = [told for cell in row if (told := self._in_cell(cell)) is not None]
            if len(row) > 1 and said:
                yield from ((cell.number, any(said)) for cell in row)
            row = [passage] if passage else []

    def _in_cell(self, cell: Passage) -> bool | None:
        head = cell.column.strip("*_ ")
        if self._binding.node is not None and _NODE_HEAD.fullmatch(head):
            return self._any("nodes " + cell.text.strip(" :"))
        if self._binding.cpus is not None and _CPUS_HEAD.fullmatch(head):
            return self._any("cpus " + cell.text.strip(" :"))
        return self._any(cell.text)

    def _by_paragraph(self, body: str, passages: Sequence[Passage]) -> Iterator[tuple[int, bool | None]]:
        """For each passage, what the ones before in its paragraph, or what stands above it, are about."""
        carried, last = None, 0
        for passage in passages:
            start = body.find(passage.raw, last, last + _NEAR + len(passage.raw))
            is_apart = start < 0 or "\n\n" in re.sub(r"[ \t]", "", body[last:start])
            last = max(last, start + len(passage.raw) if start >= 0 else last)
            if (is_apart and not _IT.match(passage.text)) or _THIS.match(passage.text):
                carried = None
            heading, _, lead = passage.about.partition(" / ")
            above = self._any(lead)
            above = self._any(heading) if above is None else above
            yield passage.number, above if carried is None else carried
            leading = [name for name in self._names[passage.number] if name.leads]
            carried = leading[-1].is_bound if leading else carried

    def _named_in(self, passage: Passage) -> list[_Name]:
        found = []
        if passage.number in self._entries:
            found.append(_Name(0, 0, self._entries[passage.number] == self._binding.node, leads=True))
        for start, end, is_bound in _addresses(self._binding, passage.text):
            clause = passage.clauses[clauses.holding(passage.clauses, start)]
            can_lead = start - clause.start < _LONGEST_HEAD and clause.opener != "("
            leads = can_lead and _HEAD.fullmatch(passage.text, clause.start, start) is not None
            found.append(_Name(start, end, is_bound, leads))
        return found

    def _any(self, words: str) -> bool | None:
        """Whether ``words`` name the bound device, or only others, or none."""
        said = [is_bound for _, _, is_bound in _addresses(self._binding, words)]
        return any(said) if said else None


def _addresses(binding: Binding, words: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each address of the binding's kind, and whether it is the binding's."""
    if binding.pci is not None:
        for match in _PCI.finditer(words):
            yield *match.span(), binding.pci.endswith(match[1].lower())
        return
    if binding.node is None and binding.cpus is None:
        return
    own = (binding.node or 0,) if binding.cpus is None else cpulist.parse(binding.cpus)
    for match in (_NODE if binding.cpus is None else _CPUS).finditer(words):
        before = words[max(0, match.start() - 60) : match.start()]
        if not _ONLY_NEAR.search(before) and not _ITS_PART.match(words, match.end()):
            yield *match.span(), _holds_one_of(match[1] or match[2], own)


def _holds_one_of(listed: str, own: Sequence[int]) -> bool:
    """Whether ``listed``, as a text has it, holds one of ``own``, which ascend."""
    if listed.lower() in _WORDS:
        return _WORDS.index(listed.lower()) in own
    tidy = re.sub(r"\s?(?:-|–|to)\s?", "-", re.sub(r"\s?(?:,|and|und|&|or)\s?", ",", listed, flags=re.I))
    for part in tidy.split(","):
        ends = [int(number) for number in part.split("-")]
        place = bisect.bisect_left(own, ends[0])
        if place < len(own) and own[place] <= ends[-1]:
            return True
    return False
