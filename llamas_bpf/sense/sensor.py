"""Watches the kernel: a probe for each kind of event, drained about ten times a second into windows."""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from llamas_bpf.contracts.events import EventBatch
from llamas_bpf.native.probe import Totals
from llamas_bpf.sense.connector import Connector
from llamas_bpf.sense.errors import HookRefusedError
from llamas_bpf.sense.kinds import KINDS
from llamas_bpf.sense.probes import OBJECTS, Layouts, Target
from llamas_bpf.sense.watch import Budget, Opener, Watch, open_watch

#: A ring holds what its budget lets through in some seconds, and a burst before the sampling follows.
RING_BYTES = 4 << 20
RECORDS_PER_S = 10_000
DRAIN_INTERVAL_S = 0.1


class Sensor:
    """Watches every process but this one, from ``open`` (or ``with``) to ``close``.

    ``ring_bytes`` overrides the ring size of some kinds: a power of two, at least a page. Of a sampled kind
    come about ``records_per_s`` records a second, or one of every ``period`` events.
    Raises ``ValueError`` for a size or a period that cannot be.
    """

    def __init__(
        self,
        target: Target | None = None,
        *,
        ring_bytes: Mapping[str, int] | None = None,
        records_per_s: int = RECORDS_PER_S,
        period: int | None = None,
        objects: Path = OBJECTS,
        opener: Opener | None = None,
    ) -> None:
        self._target = target or Target(os.getpid(), by_cgroup=False, node_of_cpu=np.zeros(1, np.uint16))
        sizes = dict.fromkeys(KINDS, RING_BYTES) | dict(ring_bytes or {})
        for name, size in sizes.items():
            _check_ring(name, size)
        if period is not None and (period < 1 or period & (period - 1)):
            raise ValueError(f"a period must be a power of two, not {period}")
        self._budgets = {name: Budget(size, records_per_s, period) for name, size in sizes.items()}
        self._objects, self._opener = objects, opener
        self._watches: dict[str, Watch] = {}
        self._connector: Connector | None = None
        self._start_ns = 0
        #: What is not watched, or not as well as could be, and why: a sentence each.
        self.degradations: list[str] = []

    def open(self) -> None:
        """Attaches what this kernel allows. Raises ``SenseError`` when that is neither faults nor scheduling.

        An object of other sources or a missing one is always an error: the fix is at hand.
        """
        try:
            self._layouts = Layouts.read(self._objects)
            refused = self._open_watches()
        except BaseException:
            self.close()
            raise
        self._start_ns = time.monotonic_ns()
        lacking = [watch.lacks for watch in self._watches.values() if watch.lacks]
        self.degradations = [str(error) for error in refused] + lacking

    def close(self) -> None:
        """Detaches everything; what was not drained is gone. Closing twice is harmless."""
        while self._watches:
            self._watches.popitem()[1].close()
        if self._connector:
            self._connector.close()
            self._connector = None

    def stop(self) -> None:
        """Ends the flow of events. What is in the rings is still given by the next ``collect``."""
        for watch in self._watches.values():
            watch.detach()

    def drain(self) -> None:
        """Empties the rings into the current window; to be called about every ``DRAIN_INTERVAL_S``."""
        for watch in self._watches.values():
            watch.drain()

    def collect(self, until_ns: int, stop: threading.Event | None = None) -> EventBatch:
        """Drains until ``until_ns`` (CLOCK_MONOTONIC) or until ``stop`` is set; gives that window.

        The next window starts where this one ends. A moment that has passed gives what is there already.
        """
        stop = stop or threading.Event()
        while not stop.is_set() and (left_s := (until_ns - time.monotonic_ns()) / 1e9) > 0:
            stop.wait(min(left_s, DRAIN_INTERVAL_S))
            self.drain()
        for watch in self._watches.values():
            watch.end_window()
        self.drain()
        return self._take()

    def totals(self) -> dict[str, Totals]:
        """What each kind has seen, produced and lost since ``open``."""
        return {name: watch.totals() for name, watch in self._watches.items()}

    def sources(self) -> dict[str, str]:
        """Who tells each kind that is watched: a BPF object, or of lifecycles the ``connector``."""
        connected = {"lifecycle": "connector"} if self._connector else {}
        return {name: watch.source.object for name, watch in self._watches.items()} | connected

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_watches(self) -> list[HookRefusedError]:
        refused: list[HookRefusedError] = []
        for name, budget in self._budgets.items():
            watch, why = open_watch(name, self._target, budget, objects=self._objects, opener=self._opener)
            refused += why
            if watch:
                self._watches[name] = watch
        if not {"sched", "faults"} & self._watches.keys():
            raise refused[0]
        if "lifecycle" not in self._watches:
            refused += self._connect()
        return refused

    def _connect(self) -> list[HookRefusedError]:
        """Births and deaths from the kernel's connector, where no probe tells them."""
        connector = Connector()
        try:
            connector.open()
        except HookRefusedError as error:
            return [error]
        self._connector = connector
        return []

    def _take(self) -> EventBatch:
        start_ns, self._start_ns = self._start_ns, time.monotonic_ns()
        watches = self._watches
        newly = {name: watch.newly() for name, watch in watches.items()}
        counts = {name: watch.counts() for name, watch in watches.items()}
        lifecycle, whole = self._lifecycle(newly)
        return EventBatch(
            faults=self._records("faults"),
            sched=self._records("sched"),
            lifecycle=lifecycle,
            counts={name: found for name, found in counts.items() if found is not None},
            lost={name: newly[name].lost for name, watch in watches.items() if watch.kind.record},
            start_ns=start_ns,
            end_ns=self._start_ns,
            period={name: watch.period for name, watch in watches.items() if watch.period},
            unattributed={name: each.unattributed for name, each in newly.items() if each.unattributed},
            lifecycle_whole=whole,
        )

    def _lifecycle(self, newly: Mapping[str, Totals]) -> tuple[np.ndarray, bool]:
        """Births and deaths, and whether none is missing."""
        if self._connector:
            return self._connector.take()
        return self._records("lifecycle"), "lifecycle" in newly and not newly["lifecycle"].lost

    def _records(self, name: str) -> np.ndarray:
        """Those of the window; none of a kind that is not watched."""
        found = self._watches[name].records() if name in self._watches else None
        return np.empty(0, self._layouts.of(KINDS[name].record)) if found is None else found


def _check_ring(name: str, size: int) -> None:
    if name not in KINDS:
        raise ValueError(f"no ring is named {name!r}: there are {', '.join(KINDS)}")
    page = os.sysconf("SC_PAGE_SIZE")
    if size < page or size & (size - 1):
        raise ValueError(f"the ring of {name} must have a power of two of bytes, at least {page}, not {size}")
