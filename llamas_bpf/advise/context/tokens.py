"""How many tokens a prompt will be: estimated before it is sent, corrected by what the server then counts."""

import math
from collections import deque
from collections.abc import Iterable, Sequence

#: Tokens per byte while nothing is known: a tokenizer may know single bytes only, and markup comes on top.
_START = 1.1
_LEAST, _MOST = 0.2, 1.5
#: Text that was in no counted prompt may be denser than what was: numbers and ids are, prose is not.
_FRESH = 1.5
_PER_MESSAGE = 8
_PROMPTS = 4
_RECENT = 16
_TOO_LONG, _MOST_CORRECTED = 2.0, 4.0


class TokenCount:
    """Errs on the safe side: the worst ratio of tokens to bytes that was seen lately holds for all."""

    def __init__(self, ratios: Iterable[float] = ()) -> None:
        self._ratios = deque((_bounded(ratio) for ratio in ratios), maxlen=_RECENT)
        #: Hashes of the texts in the last prompts: a question's own, and those of summaries in between.
        self._prompts: deque[frozenset[int]] = deque(maxlen=_PROMPTS)

    @property
    def ratios(self) -> list[float]:
        """What to begin with next time."""
        return list(self._ratios)

    @property
    def ratio(self) -> float:
        """Tokens per byte of UTF-8."""
        return max(self._ratios, default=_START)

    def estimate(self, texts: Sequence[str]) -> int:
        """Tokens of a prompt of these messages: rather more than the server will count."""
        ratio, fresh_ratio = self.ratio, self._fresh_ratio
        counted = frozenset().union(*self._prompts)
        sizes = [(_bytes(text), hash(text) in counted) for text in texts]
        tokens = sum(size * (ratio if known else fresh_ratio) for size, known in sizes)
        return math.ceil(tokens) + _PER_MESSAGE * len(texts)

    def bytes_for(self, tokens: float) -> int:
        """So many bytes of fresh text are sure to be no more than these tokens."""
        return max(0, int((tokens - _PER_MESSAGE) / self._fresh_ratio))

    @property
    def _fresh_ratio(self) -> float:
        return max(self.ratio, min(1.0, self.ratio * _FRESH))

    def count(self, texts: Sequence[str], tokens: int) -> None:
        """The server counted so many tokens in a prompt of these messages."""
        self._ratios.append(_bounded(tokens / max(1, sum(map(_bytes, texts))), _MOST))
        self._prompts.append(frozenset(map(hash, texts)))

    def too_long(self) -> None:
        """The server says that a prompt which should have fitted did not."""
        self._ratios.append(_bounded(self.ratio * _TOO_LONG))

    def forget(self) -> None:
        """Nothing fits any more: unlearn what was learned first, or it would never be corrected."""
        if self._ratios:
            self._ratios.popleft()


def _bounded(ratio: float, most: float = _MOST_CORRECTED) -> float:
    return min(max(ratio, _LEAST), most)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
