"""How fast a ring is emptied: by us, by a Python call per record as BCC does it, by libbpf's C callback."""

import ctypes
import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from llamas_bpf.bench.errors import BenchError
from llamas_bpf.bench.filled_ring import FilledRing
from llamas_bpf.bench.spread import Comparison, rotated
from llamas_bpf.sense.gather import Gather
from llamas_bpf.sense.sensor import RING_BYTES

OURS, CALLBACK, LIBBPF = "ours, to numpy", "Python callback", "libbpf's C callback"

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


def measure(rounds: int, step: Callable[[str], None]) -> Comparison:
    """The same records for all three, as many as the ring holds."""
    figures: dict[str, list[float]] = {OURS: [], CALLBACK: [], LIBBPF: []}
    ring = FilledRing(RING_BYTES)
    gather, number = Gather(ring.dtype), ring.room - 1

    def ours() -> int:
        gather.drain(ring.probe)
        return len(gather.take())

    with ring.probe, _python_reader(ring.fd, ring.dtype) as by_callback:
        ways = {OURS: ours, CALLBACK: by_callback, LIBBPF: ring.count}
        for way in (*ways, *rotated(tuple(ways), rounds)):
            step(f"drain: {way}")
            if (made := ring.fill(number)) != number:
                raise BenchError(f"the ring took {made} records of {number}")
            figures[way].append(_timed(ways[way], number))
    what = f"Drain, {number:,} records of {ring.dtype.itemsize} bytes"
    # The first of each is to warm up.
    rounds_of = {way: found[1:] for way, found in figures.items()}
    return Comparison(what, "M records/s", rounds_of, ((OURS, CALLBACK), (OURS, LIBBPF)))


def _timed(drain: Callable[[], int], number: int) -> float:
    """Million records a second."""
    start = time.perf_counter_ns()
    taken = drain()
    took_ns = time.perf_counter_ns() - start
    if taken != number:
        raise BenchError(f"{taken} records came of {number}")
    return number * 1e3 / took_ns


@contextmanager
def _python_reader(fd: int, dtype: np.dtype) -> Iterator[Callable[[], int]]:
    """What BCC does for ``open_ring_buffer``, ``event`` and ``ring_buffer_consume`` (bcc/table.py).

    The callback that a user gives it decodes the record and reads one member: less would be no use.
    """
    libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
    libbpf.ring_buffer__new.restype = ctypes.c_void_p
    libbpf.ring_buffer__new.argtypes = [ctypes.c_int, _CALLBACK, ctypes.c_void_p, ctypes.c_void_p]
    libbpf.ring_buffer__consume.argtypes = libbpf.ring_buffer__free.argtypes = [ctypes.c_void_p]
    libbpf.ring_buffer__free.restype = None
    # A class with a member for each of the record's, as BCC makes one.
    event_class: Any = np.ctypeslib.as_ctypes_type(dtype)
    events = 0

    def event(data: Any) -> Any:
        return ctypes.cast(data, ctypes.POINTER(event_class)).contents

    def callback(context: Any, data: Any, size: int) -> None:
        nonlocal events
        events += event(data).weight

    def ringbuf_callback(context: Any, data: Any, size: int) -> int:
        result: Any = None
        try:
            result = callback(context, data, size)  # type: ignore[func-returns-value]
            try:
                result = int(result)
            except TypeError:
                result = 0
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
        return int(result)

    def consume() -> int:
        nonlocal events
        events = 0
        libbpf.ring_buffer__consume(reader)
        return events

    kept = _CALLBACK(ringbuf_callback)
    reader = libbpf.ring_buffer__new(fd, kept, None, None)
    if not reader:
        raise BenchError(f"libbpf cannot read the benchmark's ring: {os.strerror(ctypes.get_errno())}")
    try:
        yield consume
    finally:
        libbpf.ring_buffer__free(reader)
