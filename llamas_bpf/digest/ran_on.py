"""On which node's CPUs workloads run: by the stays on CPUs that were sampled, each with its length."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from llamas_bpf.contracts.machine import Cpu
from llamas_bpf.contracts.workload import Workload


class RanOn:
    """Remembers it of each workload: who never leaves its CPU, or sleeps, gives no sample in a window."""

    def __init__(self, cpus: Sequence[Cpu]) -> None:
        self._nodes = sorted({cpu.node for cpu in cpus})
        self._place = np.zeros(max((cpu.id for cpu in cpus), default=0) + 1, np.int64)
        for cpu in cpus:
            self._place[cpu.id] = self._nodes.index(cpu.node)
        self._last: dict[str, int] = {}

    def told(
        self, workloads: tuple[Workload, ...], stays: np.ndarray, row_of_key: Mapping[int, int]
    ) -> tuple[Workload, ...]:
        """The same, with their ``cpu_node``. ``stays`` are records of ``sched_event``."""
        if len(self._nodes) < 2:
            return workloads
        rows, which = np.unique(stays["workload"], return_inverse=True)
        row = np.array([row_of_key.get(key, len(workloads)) for key in rows.tolist()], np.int64)[which]
        # A CPU that came since the machine was read is nowhere.
        known = stays["cpu"] < len(self._place)
        place = row[known] * len(self._nodes) + self._place[stays["cpu"][known]]
        ran_ns = stays["run_ns"][known].astype(np.float64) * stays["weight"][known]
        size = (len(workloads) + 1) * len(self._nodes)
        spent = np.bincount(place, ran_ns, size).reshape(-1, len(self._nodes))[: len(workloads)]
        now = {workloads[at].id: self._nodes[spent[at].argmax()] for at in np.flatnonzero(spent.any(axis=1))}
        last = self._last
        self._last = {each.id: last[each.id] for each in workloads if each.id in last} | now
        return tuple(
            replace(each, cpu_node=self._last[each.id]) if each.id in self._last else each
            for each in workloads
        )
