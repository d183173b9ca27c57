"""What stands in a text, for checking that words quoted from it are really there."""

import bisect
import re
from collections.abc import Sequence
from typing import TypeVar

from llamas_bpf.machine.texts import instructions, quantities, written_numbers
from llamas_bpf.machine.texts.quantities import Quantity
from llamas_bpf.machine.texts.written_numbers import Number

_MOST_PLACES = 16  # of the same words; a hostile text may repeat them thousands of times
_SPACE = re.compile(r"\s+")


def squashed(text: str) -> str:
    """White space and case aside."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in _SPACE.sub(" ", text.strip()))


Standing = TypeVar("Standing", Quantity, Number)


class Evidence:
    """A text without the passages that instruct its reader, which are in ``instructions``."""

    def __init__(self, body: str) -> None:
        spans = instructions.spans(body)
        self.instructions = [_SPACE.sub(" ", body[start:end].strip()) for start, end in spans]
        pieces, last = [], 0
        for start, end in spans:
            pieces += [body[last:start], "\n\0\n"]
            last = end
        kept = "".join([*pieces, body[last:]]).strip()
        # Of white space only whether a line ends is kept: "8\n512 GB" is no 8,512 GB.
        text = _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", kept)
        self._squashed = squashed(text)
        self._quantities = quantities.find(text)
        self._starts = [quantity.start for quantity in self._quantities]
        self._numbers = written_numbers.find(text)
        self._number_starts = [number.start for number in self._numbers]

    def has(self, words: str) -> bool:
        """Whether ``words`` stand in the text, not in the middle of other words."""
        return bool(self._places(words))

    def instructs(self, words: str) -> bool:
        """Whether they stand only where the text instructs its reader."""
        sought = squashed(words)
        return not self.has(words) and any(sought in squashed(passage) for passage in self.instructions)

    def quantities(self, words: str) -> list[Quantity]:
        """Those within ``words``, wherever these stand."""
        return [q for place in self._places(words) for q in _within(self._quantities, self._starts, place)]

    def numbers(self, words: str) -> list[float]:
        """The plain numbers within ``words``."""
        places = self._places(words)
        return [n.value for place in places for n in _within(self._numbers, self._number_starts, place)]

    def _places(self, words: str) -> list[tuple[int, int]]:
        sought = squashed(words)
        found: list[tuple[int, int]] = []
        start = self._squashed.find(sought) if sought else -1
        while start >= 0 and len(found) < _MOST_PLACES:
            end = start + len(sought)
            if not self._cuts(start) and not self._cuts(end):
                found.append((start, end))
            start = self._squashed.find(sought, start + 1)
        return found

    def _cuts(self, place: int) -> bool:
        """Whether ``place`` is in the middle of a word or a number."""
        before, after = self._squashed[place - 1 : place], self._squashed[place : place + 1]
        return before.isalnum() and after.isalnum()


def _within(found: Sequence[Standing], starts: list[int], place: tuple[int, int]) -> Sequence[Standing]:
    first, last = (bisect.bisect_left(starts, edge) for edge in place)
    return [one for one in found[first:last] if one.end <= place[1]]
