"""What each workload's counts grew by in a window, from counts that only ever grow."""

from typing import Any

import numpy as np

from llamas_bpf.contracts.events import Counts
from llamas_bpf.native.probe import Probe

#: After so many windows without an event a workload's counts are dropped from the kernel's map.
IDLE_WINDOWS = 30
Words = np.ndarray[Any, np.dtype[np.uint64]]


class Tally:
    """The counts of one probe, from window to window. Its map has room for ``most`` workloads."""

    def __init__(self, probe: Probe, dtype: np.dtype, most: int) -> None:
        self._probe, self._dtype, self._most = probe, dtype, most
        self._words = dtype.itemsize // 8
        self._keys = np.empty(0, np.uint64)
        self._counted: Words = np.empty((0, self._words), np.uint64)
        self._idle = np.empty(0, np.int64)

    def take(self) -> Counts:
        """What was counted since the last time; only keys of which there is something to tell."""
        keys, values = self._probe.counts(self._dtype)
        order = np.argsort(keys)
        keys, counted = keys[order], self._as_words(values)[order]
        at, known = self._find(keys)
        grown = counted.copy()
        grown[known] -= self._counted[at[known]]
        idle = np.zeros(len(keys), np.int64)
        idle[known] = self._idle[at[known]] + 1
        idle[grown.any(axis=1)] = 0
        # Half full is crowded: whatever is idle goes at once.
        gone = idle >= (1 if 2 * len(keys) > self._most else IDLE_WINDOWS)
        if gone.any():
            # What came in between still counts.
            last, done = self._probe.forget(keys[gone], self._dtype)
            gone[gone] = done
            grown[gone] = self._as_words(last[done]) - counted[gone]
        self._keys, self._counted, self._idle = keys[~gone], counted[~gone], idle[~gone]
        told = grown.any(axis=1)
        return Counts(keys[told], np.ascontiguousarray(grown[told]).view(self._dtype).reshape(-1))

    def _find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where each key stood in the last reading, and whether it did."""
        at = np.searchsorted(self._keys, keys)
        known = at < len(self._keys)
        known[known] = self._keys[at[known]] == keys[known]
        return at, known

    def _as_words(self, values: np.ndarray) -> Words:
        words: Words = values.view(np.uint64).reshape(-1, self._words)
        return words
