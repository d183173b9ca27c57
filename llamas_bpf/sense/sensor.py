"""Watches the kernel: one probe per kind of event, drained about ten times a second into windows."""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from llamas_bpf.contracts.events import EventBatch
from llamas_bpf.native.probe import Counts, Probe
from llamas_bpf.sense.errors import HookRefusedError
from llamas_bpf.sense.gather import Gather
from llamas_bpf.sense.probes import OBJECTS, RECORDS, open_probe, record_dtypes

# 16 MiB hold what 3 million faults, or 2 million scheduler events, a second leave in one interval.
RING_BYTES = 16 << 20
DRAIN_INTERVAL_S = 0.1


class Sensor:
    """Faults and scheduling of every process but this one, from ``open`` (or ``with``) until ``close``.

    ``ring_bytes`` overrides the ring size of some kinds: a power of two, at least a page. The threads of
    process ``own_tgid`` appear in nothing. Raises ``ValueError`` for a size that no ring can have.
    """

    def __init__(
        self,
        *,
        own_tgid: int | None = None,
        ring_bytes: Mapping[str, int] | None = None,
        objects: Path = OBJECTS,
    ) -> None:
        self._own_tgid = own_tgid or os.getpid()
        self._ring_bytes = dict.fromkeys(RECORDS, RING_BYTES) | dict(ring_bytes or {})
        for kind, size in self._ring_bytes.items():
            _check_ring(kind, size)
        self._objects = objects
        self._probes: dict[str, Probe] = {}
        self._gathers: dict[str, Gather] = {}
        self._lost: dict[str, int] = {}
        self._start_ns = 0
        #: What is not watched, and why: a sentence each.
        self.degradations: list[str] = []

    def open(self) -> None:
        """Attaches every probe this kernel allows. Raises ``SenseError`` when that is none of them.

        An object of other sources or a missing one is always an error: the fix is at hand.
        """
        try:
            self._gathers = {kind: Gather(dtype) for kind, dtype in record_dtypes(self._objects).items()}
            refused = self._open_probes()
        except BaseException:
            self.close()
            raise
        self.degradations = [str(error) for error in refused]
        self._lost = dict.fromkeys(self._probes, 0)
        self._start_ns = time.monotonic_ns()

    def close(self) -> None:
        """Detaches everything; what was not drained is gone. Closing twice is harmless."""
        while self._probes:
            self._probes.popitem()[1].close()

    def stop(self) -> None:
        """Ends the flow of events. What is in the rings is still given by the next ``collect``."""
        for probe in self._probes.values():
            probe.detach()

    def drain(self) -> None:
        """Empties the rings into the current window; to be called about every ``DRAIN_INTERVAL_S``."""
        for kind, probe in self._probes.items():
            self._gathers[kind].drain(probe)

    def collect(self, until_ns: int, stop: threading.Event | None = None) -> EventBatch:
        """Drains until ``until_ns`` (CLOCK_MONOTONIC) or until ``stop`` is set; gives that window.

        The next window starts where this one ends. A moment that has passed gives what is there already.
        """
        stop = stop or threading.Event()
        while not stop.is_set() and (left_s := (until_ns - time.monotonic_ns()) / 1e9) > 0:
            stop.wait(min(left_s, DRAIN_INTERVAL_S))
            self.drain()
        self.drain()
        return self._take()

    def counts(self) -> dict[str, Counts]:
        """Events produced and lost since ``open``, by kind."""
        return {kind: probe.counts() for kind, probe in self._probes.items()}

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_probes(self) -> list[HookRefusedError]:
        refused: list[HookRefusedError] = []
        for kind, size in self._ring_bytes.items():
            try:
                self._probes[kind] = open_probe(
                    kind, own_tgid=self._own_tgid, ring_bytes=size, objects=self._objects
                )
            except HookRefusedError as error:
                refused.append(error)
        if not self._probes:
            raise refused[0]
        return refused

    def _take(self) -> EventBatch:
        start_ns, self._start_ns = self._start_ns, time.monotonic_ns()
        records = {kind: gather.take() for kind, gather in self._gathers.items()}
        return EventBatch(
            faults=records["faults"],
            sched=records["sched"],
            lost=self._newly_lost(),
            start_ns=start_ns,
            end_ns=self._start_ns,
        )

    def _newly_lost(self) -> dict[str, int]:
        before, self._lost = self._lost, {kind: counts.lost for kind, counts in self.counts().items()}
        return {kind: lost - before[kind] for kind, lost in self._lost.items()}


def _check_ring(kind: str, size: int) -> None:
    if kind not in RECORDS:
        raise ValueError(f"no ring is named {kind!r}: there are {', '.join(RECORDS)}")
    page = os.sysconf("SC_PAGE_SIZE")
    if size < page or size & (size - 1):
        raise ValueError(f"the ring of {kind} must have a power of two of bytes, at least {page}, not {size}")
