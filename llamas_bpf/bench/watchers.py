"""Those who watch while a load is timed: nobody, we, and tracers with a record for every event."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from llamas_bpf import machine
from llamas_bpf.config import Config
from llamas_bpf.controller.windows import windows
from llamas_bpf.native.probe import Options, Probe, load_binding
from llamas_bpf.sense.probes import OBJECTS
from llamas_bpf.sense.sensor import RING_BYTES


@contextmanager
def nobody() -> Iterator[None]:
    """Nothing is attached."""
    yield


@contextmanager
def ours() -> Iterator[None]:
    """Everything on, as in ``llamas-bpf record``: from the end of its first window on."""
    stop, began = threading.Event(), threading.Event()

    def watch() -> None:
        try:
            for _ in windows(Config(), machine.read(), stop, None):
                began.set()
        finally:
            began.set()

    with ThreadPoolExecutor(1) as thread:
        watching = thread.submit(watch)
        try:
            began.wait()
            if not watching.done():
                yield
        finally:
            stop.set()
        watching.result()


@contextmanager
def each_event(name: str) -> Iterator[None]:
    """A record for every event, by ``bpf/bench/NAME.bpf.c``, and its reader in C, which sleeps in epoll."""
    ffi, lib = load_binding()
    stop = ffi.new("int *")
    options = Options(
        own_tgid=os.getpid(),
        by_cgroup=False,
        node_of_cpu=np.zeros(1, np.uint16),
        ring_bytes=RING_BYTES,
        workloads=1,
    )
    path = OBJECTS / "bench" / f"{name}.bpf.o"
    with Probe.open(path, options) as probe, ThreadPoolExecutor(1) as thread:
        reading = thread.submit(lib.bench_consume, probe.ring_fd(), stop)
        try:
            yield
        finally:
            stop[0] = 1
        reading.result()
