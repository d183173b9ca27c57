"""Windows without an event: what their digests hold comes from the kernel's own files alone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.events import EventBatch
from llamas_bpf.sense import layout

LAYOUTS = layout.read_header(Path(layout.__file__).parents[1] / "bpf/events.h")
#: What a window is said to have lasted. Far longer than it does, so that ratios of it stay below 1.
WINDOW_NS = 10**12
T = TypeVar("T")


def quiet(window_ns: int = WINDOW_NS) -> EventBatch:
    """One window in which nothing was seen to happen."""
    names = ("fault_event", "sched_event", "lifecycle_event")
    faults, sched, lifecycle = (np.zeros(0, dtype=LAYOUTS[name]) for name in names)
    return EventBatch(faults, sched, lifecycle, {}, {}, 0, window_ns)


def cell(digest: Digest, name: str, column: str) -> float:
    """A figure of the only workload of that name."""
    (row,) = [row for row, workload in enumerate(digest.workloads) if workload.name == name]
    return float(digest.table[column][row])


class Marks:
    """Counters, read on both sides of two steps: how far they grew from one step to the other."""

    def __init__(self, read: Callable[[], Mapping[str, float]]) -> None:
        self._read = read
        self._taken: list[tuple[Mapping[str, float], Mapping[str, float]]] = []

    def around(self, step: Callable[[], T]) -> T:
        before = self._read()
        done = step()
        self._taken.append((before, self._read()))
        return done

    def least(self, name: str) -> float:
        return self._taken[-1][0][name] - self._taken[-2][1][name]

    def most(self, name: str) -> float:
        return self._taken[-1][1][name] - self._taken[-2][0][name]

    def allow(self, name: str, grown: float, slack: float = 1e-6) -> bool:
        """Whether what the second step found may be the growth since the first."""
        return self.least(name) - slack <= grown <= self.most(name) + slack
