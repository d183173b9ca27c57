"""Grows an array as records arrive, without a Python step per record."""

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
        self._array = np.empty(max(self._first, self._count), taken.dtype)
        self._count = 0
        return taken

    def _grow(self) -> bool:
        size = min(2 * len(self._array), self._most)
        if size == len(self._array):
            return False
        grown = np.empty(size, self._array.dtype)
        grown[: self._count] = self._array
        self._array = grown
        return True
