"""How many tokens a prompt will be: estimated before it is sent, corrected by what the server then counts.

The estimate holds for new texts of up to half a token a letter and one a byte of all else, or twice as dense
as the densest prompt of late. What is denser than that, or a server that begins to count otherwise, cannot be
known before it has counted or refused a prompt: that one may exceed the window, by as much as it is denser.
"""

import hashlib
import math
import string
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from llamas_bpf.as_json import Json

#: Tokens per byte at most: a tokenizer may know single bytes only. With markup, while nothing is known.
_MOST, _MOST_UNKNOWN = 1.0, 1.1
#: Of letters many are one token; a digit, a sign or a byte of another script is often a token of its own.
_LETTERS = (string.ascii_letters + " ").encode()
_SIGN = 2
#: Tokens per weight: what is gone from a prompt had no fewer, and what is new may have this much more.
_LEAST = 0.125
_FRESH, _FRESH_LEAST = 2.0, 0.5
_PER_MESSAGE = 8
_PROMPTS = 4
_RECENT = 16
#: A server that refuses what should fit has a smaller window than we think, or counts otherwise.
_REFUSED, _MOST_REFUSED = 2.0, 4.0


class _Text(NamedTuple):
    hash: str
    weight: int
    bytes: int


class TokenCount:
    """Begins with what another one's ``as_json`` gave; raises TypeError and ValueError for something else."""

    def __init__(self, ratios: Iterable[float] = (), prompts: Iterable[Any] = ()) -> None:
        self._ratios = deque(map(_bounded, ratios), maxlen=_RECENT)
        #: The last prompts and their tokens: a question's own, and those of summaries in between.
        self._prompts = deque((([_Text(*text) for text in told], int(n)) for told, n in prompts), _PROMPTS)
        self._refused: deque[float] = deque(maxlen=_RECENT)

    @property
    def knows(self) -> bool:
        """Whether anything has been counted."""
        return bool(self._ratios)

    def as_json(self) -> Json:
        """To go on with after a restart."""
        return {"ratios": list(self._ratios), "prompts": list(self._prompts)}

    def estimate(self, texts: Sequence[str]) -> int:
        """Tokens of a prompt of these messages: rather more than the server will count."""
        told = [_text(text) for text in texts]
        tokens = min(self._after(*prompt, told) for prompt in (([], 0), *self._prompts))
        return math.ceil(tokens) + _PER_MESSAGE * len(texts)

    def likely(self, text: str) -> int:
        """Tokens of a text that is like those of late."""
        return self._estimate(_text(text), self._ratio)

    def bytes_for(self, tokens: float) -> int:
        """So many bytes are hardly more than these tokens."""
        ratio = min(self._most, 1.5 * self._ratio)
        return max(0, int((tokens - _PER_MESSAGE) / ratio / self._stretch))

    def count(self, texts: Sequence[str], tokens: int) -> None:
        """The server counted so many tokens in a prompt of these messages."""
        told = [_text(text) for text in texts]
        weight = sum(text.weight for text in told)
        self._ratios.append(_bounded(tokens / max(1, weight)))
        self._prompts.append((told, max(tokens, int(_LEAST * weight))))  # a server may count nonsense
        self._refused.append(1.0)

    def too_long(self) -> None:
        """The server says that a prompt which should have fitted did not."""
        self._refused.append(min(self._stretch * _REFUSED, _MOST_REFUSED))

    def forget(self) -> None:
        """Nothing fits any more: unlearn what was learned first, or it would never be corrected."""
        for learned in (self._ratios, self._refused):
            if learned:
                learned.popleft()

    @property
    def _ratio(self) -> float:
        """Errs on the safe side: the worst that was seen lately holds for all."""
        return max(self._ratios, default=_MOST_UNKNOWN)

    @property
    def _stretch(self) -> float:
        return max(self._refused, default=1.0)

    @property
    def _most(self) -> float:
        return _MOST if self._ratios else _MOST_UNKNOWN

    def _after(self, prompt: list[_Text], tokens: int, texts: list[_Text]) -> float:
        """What is still there of a prompt has its tokens but for those of what is gone; all else is new."""
        ratio = max(self._ratio * self._stretch, min(1.0, max(_FRESH * self._ratio, _FRESH_LEAST)))
        least = max(_LEAST, min(self._ratios, default=0.0) / _FRESH)
        left = Counter(text.hash for text in prompt)
        fresh = 0
        for text in texts:
            if left[text.hash]:
                left[text.hash] -= 1
            else:
                fresh += self._estimate(text, ratio)
        weights = {text.hash: text.weight for text in prompt}
        gone = sum(weights[hash_] * count for hash_, count in left.items())
        return max(0.0, tokens - least * gone) * self._stretch + fresh

    def _estimate(self, text: _Text, ratio: float) -> int:
        return math.ceil(min(text.weight * ratio, text.bytes * self._most))


def _text(text: str) -> _Text:
    data = text.encode("utf-8", "replace")
    hash_ = hashlib.blake2b(data, digest_size=8).hexdigest()
    return _Text(hash_, len(data) + (_SIGN - 1) * len(data.translate(None, _LETTERS)), len(data))


def _bounded(ratio: float) -> float:
    return min(max(ratio, _LEAST), _MOST)
