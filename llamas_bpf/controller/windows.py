"""The first two stages, window by window: what ``record`` writes down and ``run`` acts on."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import numpy as np

from llamas_bpf.config import Config
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.digest.delays import Delays
from llamas_bpf.digest.digester import Digester
from llamas_bpf.heat import Reader, open_heat
from llamas_bpf.launched import launched
from llamas_bpf.sense.backends import backend
from llamas_bpf.sense.kinds import KINDS
from llamas_bpf.sense.probes import Target
from llamas_bpf.sense.sensor import Sensor


def windows(
    config: Config,
    machine: Machine,
    stop: threading.Event,
    duration_s: float | None,
    look: Callable[[], Machine] | None = None,
) -> Iterator[Digest]:
    """A digest a window, until ``duration_s`` have passed or ``stop`` is set; the last may be shorter.

    Time counts from when all is open. Windows end on a fixed grid: a late one does not push back those after
    it. ``look`` gives the machine as it is now: when CPUs or nodes have come or gone, all is opened anew, and
    counts begin anew.
    Raises ``SenseError`` where the kernel cannot be watched.
    """
    window_ns = int(config.window_s * 1e9)
    due, end = 0, None
    while not stop.is_set() and (end is None or due < end):
        with (
            _sensor(config, machine) as sensor,
            _heat(config, machine) as heat,
            closing(Delays.open()) as delays,
        ):
            if due == 0:
                due = time.monotonic_ns()
                end = due + int(duration_s * 1e9) if duration_s is not None else None
            digester = Digester(machine, launched, heat, delays)
            now, same = machine, True
            while same and not stop.is_set() and (end is None or due < end):
                due = max(due + window_ns, time.monotonic_ns())
                until = due if end is None else min(due, end)
                yield digester.digest(sensor.collect(until, stop), tuple(sensor.degradations))
                now = look() if look else machine
                same = _layout(now) == _layout(machine)
        machine = now


def _layout(machine: Machine) -> tuple[object, ...]:
    """What the probes and the columns of a digest are made for."""
    return [(cpu.id, cpu.node) for cpu in machine.cpus], [node.id for node in machine.nodes]


def _sensor(config: Config, machine: Machine) -> Sensor:
    node_of_cpu = np.zeros(max(cpu.id for cpu in machine.cpus) + 1, np.uint16)
    for cpu in machine.cpus:
        node_of_cpu[cpu.id] = cpu.node
    return Sensor(
        Target(os.getpid(), machine.by_cgroup, node_of_cpu, own_children=True),
        ring_bytes=dict.fromkeys(KINDS, config.sense.ring_bytes),
        records_per_s=config.sense.records_per_s,
        period=config.sense.period,
        opener=backend(config.sense.backend),
    )


@contextmanager
def _heat(config: Config, machine: Machine) -> Iterator[Reader | None]:
    if not config.sense.heat:
        yield None
        return
    with closing(open_heat(machine)) as heat:
        yield heat
