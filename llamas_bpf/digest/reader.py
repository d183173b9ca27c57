"""Which workloads have their files read in a window: cost follows activity, not population."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from llamas_bpf.contracts.workload import Workload
from llamas_bpf.digest.kernel_files import Figures

#: Beside those started by ``exec``: so many of the busiest, and of the rest those not read for longest, so
#: that each comes up within some minutes, but no more than so many.
BUSIEST = 48
ROUND_WINDOWS, MOST_IN_TURN = 120, 32
#: How long a reading holds: 20 minutes.
KEPT_NS = 1200 * 10**9


_NEVER = (0, Figures())


@dataclass
class Reading:
    """``added`` is what counters grew by, as for a window of ``window_ns``; empty at the first reading."""

    figures: Figures
    added: dict[str, float] = field(default_factory=dict)


class Reader:
    """Remembers each workload's last reading: counters count from there, and its gauges still hold."""

    def __init__(self, read: Callable[[Workload], Figures]) -> None:
        self._read = read
        self._last: dict[str, tuple[int, Figures]] = {}

    def choose(self, workloads: tuple[Workload, ...], activity: np.ndarray) -> list[int]:
        """The rows to read now; ``activity`` has shape (rows,)."""
        order = np.argsort(-activity, kind="stable").tolist()
        chosen, rest = dict.fromkeys(order[:BUSIEST]), order[BUSIEST:]
        in_turn = min(-(-len(rest) // ROUND_WINDOWS), MOST_IN_TURN)
        oldest = heapq.nsmallest(in_turn, rest, key=lambda row: self._last.get(workloads[row].id, _NEVER)[0])
        chosen |= dict.fromkeys(oldest)
        chosen |= {row: None for row, workload in enumerate(workloads) if workload.started_by_exec}
        return list(chosen)

    def read(self, workload: Workload, window_ns: int) -> Reading:
        """Its files now. Counters of one that was not read for some windows are spread over them."""
        before = self._last.get(workload.id)
        now, figures = time.monotonic_ns(), self._read(workload)
        self._last[workload.id] = now, figures
        if before is None:
            return Reading(figures)
        scale = min(window_ns / max(now - before[0], 1), 1.0)
        return Reading(figures, grown(figures.counters, before[1].counters, scale))

    def remembered(self, workload: Workload) -> Figures | None:
        """What its gauges said last."""
        found = self._last.get(workload.id)
        return found[1] if found else None

    def forget_old(self) -> None:
        """Drop readings of workloads that have not been seen for long."""
        since = time.monotonic_ns() - KEPT_NS
        for gone in [each for each, (at, _) in self._last.items() if at < since]:
            del self._last[gone]


def grown(now: dict[str, float], before: dict[str, float], scale: float = 1.0) -> dict[str, float]:
    """What counters grew by, of those that both readings have."""
    return {name: max(value - before[name], 0.0) * scale for name, value in now.items() if name in before}
