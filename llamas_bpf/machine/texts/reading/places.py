"""Where in its sentence a quantity stands, and so which words speak of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from llamas_bpf.machine.texts.quantities import Quantity
from llamas_bpf.machine.texts.reading import words
from llamas_bpf.machine.texts.reading.clauses import Clause
from llamas_bpf.machine.texts.reading.passages import Passage

_FOR = re.compile(r"\s*(?:for|when|on|if) (?:\w+ )?(?:read|writ|load|stor|program)\w*[\s.]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A quantity where it stands: its passage, its clause and that clause's place among the passage's."""

    passage: Passage
    quantity: Quantity
    among: Sequence[Clause]
    index: int
    others: Sequence[Quantity]

    @property
    def clause(self) -> Clause:
        return self.among[self.index]

    @property
    def before(self) -> str:
        return self.passage.text[self.clause.start : self.quantity.start]

    @property
    def after(self) -> str:
        """To the end of the clause, and of brackets, or ", for writes", right behind it."""
        end = self.clause.end
        following = self.among[self.index + 1] if self.index + 1 < len(self.among) else None
        is_note = following and (following.opener in ("(", "[") or _FOR.match(following.text))
        if following and is_note and not self._holds(following):
            end = following.end
        return self.passage.text[self.quantity.end : end]

    @property
    def owner(self) -> str:
        """The clause that brackets around this one stand behind."""
        first = self.index
        while first and self.among[first].opener == ",":
            first -= 1
        return self.among[first - 1].text if first and self.among[first].opener in ("(", "[") else ""

    @property
    def earlier(self) -> list[Clause]:
        """The clauses before, back to one with a quantity of the same kind, or to a semicolon."""
        found: list[Clause] = []
        if self.clause.opener == ";" and not words.SETTLED.search(self.clause.text):
            return found
        for clause in reversed(self.among[: self.index]):
            found.append(clause)
            if self._holds(clause) or (clause.opener == ";" and clause.start != self.clause.start):
                break
        return found

    def _holds(self, clause: Clause) -> bool:
        family = self.quantity.family
        return any(q.family == family and clause.start <= q.start < clause.end for q in self.others)
