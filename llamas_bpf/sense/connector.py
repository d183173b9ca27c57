"""Births, new programs and deaths of processes from the kernel's process-event connector.

The second source of ``lifecycle_event`` records, for kernels that refuse the BPF probe. What it cannot tell:

- when exactly a process started: /proc/PID/stat has it in ticks of 10 ms, and that is ``start_ns``. So
  ``workload`` is 0, and a record is matched by its tgid.
- who it was, when we are late: ``start_ns``, ``comm`` and an EXEC's ``parent_tgid`` are read from /proc when
  the event is, and are 0 and empty where the process has gone. A FORK's ``comm`` may already be its next
  program's. An EXIT's ``parent_tgid`` is 0 where the parent has been quicker to reap than the kernel to tell.
- its cgroup: ``cgroup_id`` is 0.

The kernel tells of each thread's exit; a process ends with its last thread (as in bpf/lifecycle.bpf.c). So
the exit of a leader is an EXIT unless /proc shows that other threads go on; then the last one's is. Of a
process whose leader had gone before ``open``, no EXIT is told.
"""

import os
import threading
import time
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.sense import process_events
from llamas_bpf.sense.errors import SenseError
from llamas_bpf.sense.probes import Layouts
from llamas_bpf.sense.process_events import Event, ProcessEvents, StreamBrokenError

#: The kernel keeps so much for us while we do not run: some 10,000 events of 768 bytes each.
RECEIVE_BYTES = 4 << 20
#: And we so many records for a caller that does not come.
MOST_RECORDS = 1 << 16

_SILENCE_S = 1.0
_NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class _Record(NamedTuple):  # of lifecycle_event, what can be told
    ts_ns: int
    start_ns: int
    tgid: int
    parent_tgid: int
    type: int
    comm: bytes


class Connector:
    """Listens from ``open`` until ``close``, on a thread of its own."""

    def __init__(self, *, receive_bytes: int = RECEIVE_BYTES, most: int = MOST_RECORDS) -> None:
        """Raises ``ObjectError`` without events.h."""
        self._dtype = Layouts.read().of("lifecycle_event")
        self._receive_bytes, self._most = receive_bytes, most
        self._lock = threading.Lock()
        self._records: list[_Record] = []
        self._whole, self._deaf = True, False
        self._leaderless: set[int] = set()
        self._closing = threading.Event()
        self._wake = -1
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Raises ``HookRefusedError``. What began before is to be found in /proc, afterwards."""
        opened: SimpleQueue[SenseError | None] = SimpleQueue()
        self._wake = os.eventfd(0)
        self._thread = threading.Thread(target=self._run, args=(opened,), name="process events", daemon=True)
        self._thread.start()
        if (error := opened.get()) is not None:
            self.close()
            raise error

    def take(self) -> tuple[np.ndarray, bool]:
        """The records since the last time, shape (n,), and whether they are all there were.

        Where not, they were lost before this call: read from /proc what lives now, and nothing is missed.
        """
        with self._lock:
            records, self._records = self._records, []
            whole, self._whole = self._whole and not self._deaf, True
        taken = np.zeros(len(records), self._dtype)
        for name, column in zip(_Record._fields, zip(*records, strict=True), strict=False):
            taken[name] = column
        return taken, whole

    def close(self) -> None:
        """Ends the thread."""
        if self._thread is None:
            return
        self._closing.set()
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        os.close(self._wake)
        self._thread = None

    def _run(self, opened: SimpleQueue[SenseError | None]) -> None:
        try:
            events: ProcessEvents | None = ProcessEvents(self._receive_bytes)
        except SenseError as error:
            opened.put(error)
            return
        opened.put(None)
        try:
            while events:
                try:
                    with closing(events):
                        self._hear(events)
                    return
                except StreamBrokenError:
                    events = self._listen_again()
        finally:
            self._deaf = True

    def _hear(self, events: ProcessEvents) -> None:
        """Until it is closed. Raises ``StreamBrokenError``."""
        pinged = False
        while True:
            heard = events.wait(self._wake, _SILENCE_S)
            if self._closing.is_set():
                return
            if heard:
                self._keep(events.receive())
            elif pinged:
                raise StreamBrokenError("deaf")
            else:
                events.ping()
            pinged = not heard

    def _listen_again(self) -> ProcessEvents | None:
        """A fresh socket; None when it is closed before there is one."""
        while not self._closing.is_set():
            try:
                events = ProcessEvents(self._receive_bytes)
            except SenseError:
                self._deaf = True
                self._closing.wait(_SILENCE_S)
                continue
            # Only now: whoever is told reads /proc, and must find there what this socket does not tell.
            with self._lock:
                self._whole, self._deaf = False, False
            self._leaderless = {tgid for tgid in self._leaderless if _look(tgid, time.monotonic_ns())}
            return events
        return None

    def _keep(self, events: list[Event]) -> None:
        records = [record for event in events if (record := self._record(event))]
        with self._lock:
            room = self._most - len(self._records)
            self._records += records[:room]
            self._whole = self._whole and len(records) <= room

    def _record(self, event: Event) -> _Record | None:
        """None for what is told of a thread."""
        first, second, third, fourth, _, last = event.data
        if event.what == process_events.FORK and third == fourth:
            kind, tgid, parent = LifecycleType.FORK, fourth, second
        elif event.what == process_events.EXEC:
            kind, tgid, parent = LifecycleType.EXEC, second, 0
        elif event.what == process_events.EXIT and (first == second or second in self._leaderless):
            kind, tgid, parent = LifecycleType.EXIT, second, last
        else:
            return None
        seen = _look(tgid, event.ts_ns)
        if kind == LifecycleType.EXIT:
            if seen and seen.lives:
                self._leaderless.add(tgid)
                return None
            self._leaderless.discard(tgid)
        elif kind == LifecycleType.EXEC and seen:
            parent = seen.parent
        start_ns, comm = (seen.start_ns, seen.comm) if seen else (0, b"")
        return _Record(event.ts_ns, start_ns, tgid, parent, kind, comm)


class _Seen(NamedTuple):
    """``lives``: a thread has not ended."""

    start_ns: int
    comm: bytes
    parent: int
    lives: bool


def _look(tgid: int, ts_ns: int) -> _Seen | None:
    """The process that had this pid then; None where it has gone, also if its pid is another's by now."""
    try:
        text = Path(f"/proc/{tgid}/stat").read_bytes()
    except OSError:
        return None
    end = text.rindex(b")")
    words = text[end + 2 :].split()
    start_ns = int(words[19]) * _NS_PER_TICK
    slept_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    if start_ns > ts_ns + slept_ns:
        return None
    ended = words[0] in b"ZX" and int(words[17]) <= 1
    return _Seen(start_ns, text[text.index(b"(") + 1 : end], int(words[1]), not ended)
