"""What outcomes teach: which hint came to what, in which situation. The oldest are forgotten first."""

import json
import time
from collections.abc import Iterable
from typing import Any

from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.outcome import Outcome

MOST = 512

_NOT_THE_GIST = {"reason", "confidence", "expect", "ttl_s", "workload"}

#: One for all: `json.dumps` makes itself another each time.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Lessons:
    """By situation and gist. Several outcomes of one decision are one lesson: they have one verdict."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[int, ...], str], Lesson] = {}
        self._last: str | None = None

    def learn(self, outcome: Outcome, at_s: float | None = None) -> None:
        """``at_s`` is when it was judged, since the epoch; now unless told."""
        decision = outcome.action_id.partition(".")[0]
        if decision == self._last or not outcome.gist or _is_unmeasured(outcome):
            return
        self._last = decision
        key = (outcome.situation, outcome.gist)
        before = self._known.pop(key, None) or Lesson(situation=outcome.situation, gist=outcome.gist)
        self._known[key] = before.after(outcome, time.time() if at_s is None else at_s)
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def learn_all(self, outcomes: Iterable[tuple[float, Outcome]]) -> None:
        """Of earlier runs, oldest first, each with when it was judged."""
        for at_s, outcome in outcomes:
            self.learn(outcome, at_s)
        self._last = None

    def known(self) -> tuple[Lesson, ...]:
        """Oldest first."""
        return tuple(self._known.values())


def gist(hint: Hint) -> str:
    """What it wants, as one line: not for whom, for how long, why and how surely. Sizes to the next lower
    power of two, and lists in order: a little more or less, or in another order, is the same hint."""
    fields = hint.model_dump(exclude=_NOT_THE_GIST, exclude_none=True)
    return _line({name: _rough(name, given) for name, given in fields.items()})


def _rough(name: str, given: Any) -> Any:
    if isinstance(given, list):
        return sorted(given, key=_line)
    if name.endswith(("_bytes", "_bytes_per_s")) and given:
        return 1 << given.bit_length() - 1
    return given


def _line(value: Any) -> str:
    return _ENCODER.encode(value)


def _is_unmeasured(outcome: Outcome) -> bool:
    """Neutral because nothing was promised, or it could not be told: that teaches nothing."""
    return outcome.verdict == "neutral" and outcome.expected is None
