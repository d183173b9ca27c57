"""What a situation is like, as a few small whole numbers: without names, pids, sizes and noise.

So that the same program matches another day, with another pid and on other data.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from llamas_bpf.as_json import Json
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import figures, value, workload_features

#: So many buckets off, a feature is still like another.
NEAR = 1

#: The bucket of each feature.
Buckets = tuple[int, ...]


def _doublings(floor: float, step: float = 1) -> Callable[[float], float]:
    """Buckets are ``step`` doublings wide; all below ``floor`` is one."""
    return lambda figure: math.log2(max(figure / floor, 1)) / step


def _quarters(ratio: float) -> float:
    return ratio * 4


_FEATURES: dict[str, Callable[[float], float]] = {
    "faults.per_s": _doublings(128),
    "sched.wakeups_per_s": _doublings(16),
    "sched.runqueue_p99_ns": _doublings(500_000, step=2),  # a tail is noisy
    "memory.fast_tier_ratio": _quarters,
    "sched.cpu_ratio": lambda cpus: math.log2(1 + cpus) * 4,  # quarters of a CPU, wider for many CPUs
}
#: The figures that ``buckets`` looks at, as ``features.figures`` calls them.
LOOKED_AT = frozenset(name.partition(".")[2] for name in _FEATURES)
#: Each feature as a person says it, in the same order.
_WORDS = ("page faults", "wake-ups", "waits for a CPU", "memory on the fastest tier", "CPU time")
_WORDS_OF_THE_MACHINE = ("busy CPUs", "waits for CPUs", "waits for memory")
_OF_THE_MACHINE: dict[str, Callable[[float], float]] = {
    "cpu_busy_ratio": _quarters,
    "psi.cpu_some_ratio": _quarters,
    "psi.memory_some_ratio": _doublings(0.01, step=2),
}


def buckets(features: Json, before: Buckets | None = None) -> Buckets:
    """A workload's features. One that is not known, or is less than half a bucket outside the one it was in
    ``before``, stays there."""
    found = []
    for place, (name, scale) in enumerate(_FEATURES.items()):
        old = before[place] if before else None
        figure = value(features, name)
        at = None if figure is None else scale(figure)
        stays = old is not None and (at is None or old - 0.5 <= at < old + 1.5)
        found.append(old if stays and old is not None else math.floor(at or 0))
    return tuple(found)


def of(situation: Situation, workload: str | None) -> Buckets | None:
    """What this window is like as ``workload`` sees it, or the machine for None; None if it is not there."""
    digest = situation.digest
    if workload is None:
        return tuple(_whole(digest.machine, name, scale) for name, scale in _OF_THE_MACHINE.items())
    for row, known in enumerate(digest.workloads):
        if known.id == workload:
            return buckets(workload_features(digest, situation.machine, row))
    return None


def of_many(situation: Situation, workloads: Iterable[str]) -> dict[str, Buckets]:
    """The same as ``of``, for all of these that are there, at once."""
    digest, wanted = situation.digest, frozenset(workloads)
    rows = [row for row, known in enumerate(digest.workloads) if known.id in wanted]
    shown = figures(digest, situation.machine, rows, LOOKED_AT)
    return {digest.workloads[row].id: buckets(each) for row, each in zip(rows, shown, strict=True)}


class Places:
    """Situations in a given order, to find those that are like one: quickly, for there can be hundreds."""

    def __init__(self, situations: Iterable[Sequence[int]]) -> None:
        by_length: dict[int, list[tuple[int, Sequence[int]]]] = {}
        for number, one in enumerate(situations):
            by_length.setdefault(len(one), []).append((number, one))
        self._rows = {
            length: ([number for number, _ in found], np.array([one for _, one in found], dtype=np.int64))
            for length, found in by_length.items()
        }

    def like(self, here: Sequence[int]) -> list[int]:
        """Their numbers, in that order; see ``alike``."""
        numbers, rows = self._rows.get(len(here), ([], None))
        if rows is None:
            return []
        return [numbers[place] for place in np.flatnonzero((np.abs(rows - here) <= NEAR).all(axis=1))]


def in_words(situation: Sequence[int]) -> str:
    """``page faults 2, wake-ups 0, …``: a workload's features or, being fewer, the machine's."""
    words = _WORDS if len(situation) == len(_WORDS) else _WORDS_OF_THE_MACHINE
    return ", ".join(f"{word} {bucket}" for word, bucket in zip(words, situation, strict=False))


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether no feature lies further off than in the next bucket: an edge may run through its noise."""
    return len(one) == len(other) and all(abs(a - b) <= NEAR for a, b in zip(one, other, strict=True))


def _whole(features: dict[str, Any], name: str, scale: Callable[[float], float]) -> int:
    figure = value(features, name)
    return 0 if figure is None else math.floor(scale(figure))
