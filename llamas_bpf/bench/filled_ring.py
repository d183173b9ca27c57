"""A ring that is filled on request, each time alike: record ``i`` of a filling has ``ts_ns`` = ``i``."""

import os
from typing import Any

from llamas_bpf.bench.errors import BenchError
from llamas_bpf.native.probe import Maps, Probe, load_binding
from llamas_bpf.sense.probes import OBJECTS, Layouts

#: A record's header in the ring (BPF_RINGBUF_HDR_SZ in linux/bpf.h).
HEADER_BYTES = 8


class FilledRing:
    """``probe`` reads it; with that it is closed. Its records are ``fault_event``, of ``dtype``."""

    hooks: tuple[str, ...] = ()
    lacks = ""

    def __init__(self, size: int) -> None:
        ffi, self._lib = load_binding()
        error = ffi.new("int *")
        path = OBJECTS / "bench" / "fill.bpf.o"
        self._ring: Any = self._lib.bench_ring_open(os.fsencode(path), size, error)
        if not self._ring:
            why = f"the benchmark's ring cannot be made ({os.strerror(-error[0])})"
            raise BenchError(f"{why}: run `make setup`, and then this as root on Linux 5.17 or later")
        self.dtype = Layouts.read().of("fault_event")
        self.room = size // (self.dtype.itemsize + HEADER_BYTES)
        self.fd: int = self._lib.bench_ring_fd(self._ring)
        self.probe = Probe.adopt(Maps(ring=self.fd), self)

    def fill(self, records: int) -> int:
        """Puts so many into it; gives how many there was room for."""
        made: int = self._lib.bench_ring_fill(self._ring, records)
        return made

    def count(self) -> int:
        """Empties it through libbpf's own callback, in C."""
        counted: int = self._lib.bench_ring_count(self._ring)
        return counted

    def detach(self) -> None:
        """It is attached to nothing."""

    def close(self) -> None:
        """Closing twice is harmless."""
        if self._ring:
            self._lib.bench_ring_close(self._ring)
            self._ring = None
