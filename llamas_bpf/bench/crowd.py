"""How long one digest of very many workloads takes: of real processes, which really ran in the window.

Invented ids would be of processes that have ended, and of those there is nothing to read.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from llamas_bpf import machine
from llamas_bpf.bench.errors import BenchError
from llamas_bpf.bench.load import Load
from llamas_bpf.bench.spread import Spread
from llamas_bpf.digest.delays import Delays
from llamas_bpf.digest.digester import Digester
from llamas_bpf.heat import open_heat
from llamas_bpf.sense.sensor import Sensor

#: Each of them wakes twice in a window. On a busy machine some may have to wait for longer than that.
WINDOW_NS, PERIOD_NS = 1_000_000_000, 500_000_000
LONGEST_NS = 16 * WINDOW_NS


@dataclass(frozen=True)
class Digests:
    """``first_ms`` is of the window in which all were new; ``take_ms`` is what sense took before each digest,
    to read the counts out of the kernel."""

    workloads: int
    first_ms: float
    ms: list[float]
    take_ms: list[float]

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {
            "ms": vars(Spread.of(self.ms)) | {"rounds": self.ms},
            "take_ms": vars(Spread.of(self.take_ms)) | {"rounds": self.take_ms},
        }


def measure(processes: int, windows: int, step: Callable[[str], None]) -> Digests:
    """One window more is taken, in which everybody is new. Where not everybody ran in a window, all begins
    anew with windows twice as long. Raises BenchError where the longest do not do."""
    # As processes everywhere: ten thousand cgroups would say something of cgroups.
    here = machine.read().model_copy(update={"cgroup_controllers": ()})
    ms: list[float] = []
    take_ms: list[float] = []
    window_ns = WINDOW_NS
    with (
        Load() as load,
        Sensor() as sensor,
        closing(open_heat(here)) as heat,
        closing(Delays.open()) as delays,
    ):
        step(f"{processes:,} processes: beginning")
        load.crowd(processes, PERIOD_NS)
        digester = Digester(here, list, heat, delays)
        sensor.collect(time.monotonic_ns())
        while len(ms) <= windows:
            if window_ns == WINDOW_NS:
                step(f"{processes:,} processes: window {len(ms)}")
            until = time.monotonic_ns() + window_ns
            while time.monotonic_ns() < until:
                time.sleep(0.1)
                sensor.drain()
            start = time.perf_counter()
            batch = sensor.collect(until)
            taken = time.perf_counter()
            digest = digester.digest(batch, tuple(sensor.degradations))
            ms.append((time.perf_counter() - taken) * 1e3)
            take_ms.append((taken - start) * 1e3)
            found = len(digest.workloads)
            del batch  # as the controller, which keeps none: its memory is then used again
            if found < processes:
                if window_ns == LONGEST_NS:
                    raise BenchError(
                        f"only {found} of {processes} processes were in a digest: is the machine too busy?"
                    )
                window_ns *= 2
                ms, take_ms, digester = [], [], Digester(here, list, heat, delays)
    return Digests(found, ms[0], ms[1:], take_ms[1:])
