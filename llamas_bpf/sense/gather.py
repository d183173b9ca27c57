"""Grows an array as records arrive, without a Python step per record."""

import sys

import numpy as np

from llamas_bpf.native.probe import Probe

FIRST_RECORDS = 1 << 14
# A window's records stop here, and the ring's own loss count tells the rest: memory stays bounded.
MOST_RECORDS = 1 << 22


class Gather:
    """The records of one kind since they were last taken."""

    def __init__(self, dtype: np.dtype, *, first: int = FIRST_RECORDS, most: int = MOST_RECORDS) -> None:
        self._array = np.empty(first, dtype)
        self._first, self._most = first, most
        self._count = 0
        self._given = np.empty(0, dtype)

    def drain(self, probe: Probe) -> None:
        """Empties the probe's ring; ends at the latest when the most records are held."""
        room = True
        while room:
            if self._count == len(self._array):
                room = self._grow()
            free = self._array[self._count :]
            drained = probe.drain(free)
            self._count += drained
            room = room and drained == len(free)

    def take(self) -> np.ndarray:
        """The records so far, shape (n,), which the caller now owns."""
        taken = self._array[: self._count]
        # The next window is likely as busy as this one, and a burst's memory goes with its window.
        fresh = self._next(max(self._first, self._count))
        self._given, self._array = self._array, fresh
        self._count = 0
        return taken

    def _next(self, size: int) -> np.ndarray:
        """The array of the window before, if nobody holds it any more: fresh memory costs a fault a page, and
        draining into it is several times slower."""
        # Two: ours, and getrefcount's own. Whoever holds a part of an array holds the array.
        idle = sys.getrefcount(self._given) == 2
        if idle and size <= len(self._given) <= 4 * size:
            return self._given
        return np.empty(size, self._array.dtype)

    def _grow(self) -> bool:
        size = min(2 * len(self._array), self._most)
        if size == len(self._array):
            return False
        grown = np.empty(size, self._array.dtype)
        grown[: self._count] = self._array
        self._array = grown
        return True
