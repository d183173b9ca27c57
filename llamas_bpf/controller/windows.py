"""The first two stages, window by window: what ``record`` writes down and ``run`` acts on."""

import threading
import time
from collections.abc import Iterator

from llamas_bpf.config import Config
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.digest.digester import Digester
from llamas_bpf.launched import launched
from llamas_bpf.sense.sensor import Sensor


def windows(
    config: Config, machine: Machine, stop: threading.Event, duration_s: float | None
) -> Iterator[Digest]:
    """A digest a window, until ``duration_s`` have passed or ``stop`` is set; the last may be shorter.

    Windows end on a fixed grid: a late one does not push back those after it.
    Raises ``SenseError`` where the kernel cannot be watched.
    """
    ring = dict.fromkeys(("faults", "sched"), config.sense.ring_bytes)
    with Sensor(ring_bytes=ring) as sensor:
        digester = Digester(machine, launched)
        window_ns = int(config.window_s * 1e9)
        start = time.monotonic_ns()
        end = start + int(duration_s * 1e9) if duration_s is not None else None
        due = start
        while not stop.is_set() and (end is None or due < end):
            due = max(due + window_ns, time.monotonic_ns())
            until = due if end is None else min(due, end)
            yield digester.digest(sensor.collect(until, stop), tuple(sensor.degradations))
