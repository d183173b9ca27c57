"""Rounds, and what is made of them: on a machine with other work a mean or a single run tells nothing."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A median, with the first and third quartile around it."""

    median: float
    q1: float
    q3: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, q1, q3)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of them do not exceed: one that was measured, none in between."""
    return float(np.percentile(values, percent, method="inverted_cdf"))


@dataclass(frozen=True)
class Comparison:
    """The same work done in several ways: ``rounds`` has each way's figures, in ``unit``, round by round.

    ``rivals`` names what each ratio is a ratio to: (a way, its rival).
    """

    what: str
    unit: str
    rounds: dict[str, list[float]]
    rivals: tuple[tuple[str, str], ...]

    def spread(self, way: str) -> Spread:
        """Of one way's figures."""
        return Spread.of(self.rounds[way])

    def ratio(self, way: str, rival: str) -> Spread:
        """Formed within each round, so that what slowed down a whole round is in neither."""
        pairs = zip(self.rounds[way], self.rounds[rival], strict=True)
        return Spread.of([mine / theirs for mine, theirs in pairs])

    def as_json(self) -> dict[str, Any]:
        """Everything, the single rounds too."""
        return {
            "unit": self.unit,
            "ways": {way: vars(self.spread(way)) | {"rounds": self.rounds[way]} for way in self.rounds},
            "ratios": [{"of": way, "to": rival} | vars(self.ratio(way, rival)) for way, rival in self.rivals],
        }


def rotated(ways: Sequence[str], rounds: int) -> Iterator[str]:
    """Each way once a round, beginning with another one each time: none always comes after the same."""
    for number in range(rounds):
        first = number % len(ways)
        yield from (*ways[first:], *ways[:first])
