"""Has the situation changed enough to ask again? Told from quantised features, not from their noise."""

import math
from collections.abc import Callable

from llamas_bpf.advise import busiest
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.digest.as_json import Json
from llamas_bpf.features import value, workload_features

#: A change must last for so many windows.
_WINDOWS = 2
#: Beside what ``exec`` started: who uses so much of a CPU comes into the picture, and leaves it at half.
_CPU_RATIO = 0.25
_LOOKED_AT = 16


def _doublings(floor: float, step: float = 1) -> Callable[[float], float]:
    """Buckets are ``step`` doublings wide; all below ``floor`` is one."""
    return lambda figure: math.log2(max(figure / floor, 1)) / step


_FEATURES: dict[str, Callable[[float], float]] = {
    "faults.per_s": _doublings(128),
    "sched.wakeups_per_s": _doublings(16),
    "sched.runqueue_p99_ns": _doublings(500_000, step=2),  # a tail is noisy
    "memory.fast_tier_ratio": lambda ratio: ratio * 4,
    "sched.cpu_ratio": lambda cpus: math.log2(1 + cpus) * 4,  # quarters of a CPU, wider for many CPUs
}

#: Per workload, the bucket of each feature.
Fingerprint = dict[str, tuple[int, ...]]


class Watch:
    """Follows the situation; buckets have hysteresis, so that a figure on an edge stays where it was."""

    def __init__(self) -> None:
        self._now: Fingerprint = {}
        self._asked: Fingerprint | None = None
        self._different = 0

    def changed(self, situation: Situation) -> bool:
        """Look at this window. True: for some windows now it has not been what was last asked about."""
        self._now = self._fingerprint(situation)
        self._different = 0 if self._now == self._asked else self._different + 1
        return self._different >= _WINDOWS

    def asked(self) -> None:
        """What is seen now has been asked about."""
        self._asked, self._different = self._now, 0

    def _fingerprint(self, situation: Situation) -> Fingerprint:
        found: Fingerprint = {}
        for row in busiest.rows(situation.digest, _LOOKED_AT):
            features = workload_features(situation.digest, situation.machine, row)
            before = self._now.get(features["id"])
            cpus = (features["sched"]["cpu_ratio"] or 0) * (2 if before else 1)
            if features["started_by_exec"] or cpus >= _CPU_RATIO:
                found[features["id"]] = _buckets(features, before)
        return found


def _buckets(features: Json, before: tuple[int, ...] | None) -> tuple[int, ...]:
    """A figure that is not known, or is less than half a bucket outside, leaves its bucket as it was."""
    found = []
    for place, (name, scale) in enumerate(_FEATURES.items()):
        old = before[place] if before else None
        figure = value(features, name)
        at = None if figure is None else scale(figure)
        stays = old is not None and (at is None or old - 0.5 <= at < old + 1.5)
        found.append(old if stays and old is not None else math.floor(at or 0))
    return tuple(found)
