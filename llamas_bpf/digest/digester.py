"""One window's events, and the kernel's own files, into one Digest."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.events import EventBatch, FaultFlag
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Launched, Workload
from llamas_bpf.digest import columns, kernel_files, machine_row
from llamas_bpf.digest.cgroups import Cgroups
from llamas_bpf.digest.delays import Delays
from llamas_bpf.digest.open_devices import OpenDevices
from llamas_bpf.digest.processes import Processes
from llamas_bpf.digest.ran_on import RanOn
from llamas_bpf.digest.reader import Reader, grown
from llamas_bpf.heat import Reader as HeatReader

Table = np.ndarray[Any, np.dtype[np.void]]

#: Which kind's count is which column.
_COUNTED = {
    "sched": {
        "voluntary": "sched.voluntary",
        "preempted": "sched.preempted",
        "run_ns": "sched.run_ns",
        "minor_faults": "faults.minor",
        "major_faults": "faults.major",
    },
    "migrations": {"migrations": "sched.migrations", "cross_node": "sched.cross_node_migrations"},
    "fault_times": {"stall_ns": "faults.stall_ns"},
    "numa_hints": {"faults": "faults.numa_hint"},
    "reclaim": {"stall_ns": "reclaim.stall_ns"},
    "oom": {"kills": "reclaim.oom_kills"},
}


class Digester:
    """Keeps what must be remembered between windows: who is who, and how far counters had got."""

    def __init__(
        self,
        machine: Machine,
        launched: Callable[[], list[Launched]],
        heat: HeatReader | None = None,
        delays: Delays | None = None,
    ) -> None:
        self._machine = machine
        self._heat = heat
        self._delays = delays
        self._launched = launched
        self._node_ids = tuple(node.id for node in machine.nodes)
        self._who = Cgroups(Path(machine.cgroup_mount or "/")) if machine.by_cgroup else Processes()
        self._own_cgroup = kernel_files.own_cgroup()
        self._reader = Reader(self._figures)
        self._open_devices = OpenDevices(machine.devices)
        self._ran_on = RanOn(machine.cpus)
        self._machine_before = machine_row.counters(machine)

    @property
    def degradations(self) -> tuple[str, ...]:
        """What cannot be told on this machine, and why."""
        missing = self._heat.degradations if self._heat else ()
        if self._delays and self._delays.missing:
            missing = (*missing, self._delays.missing)
        if self._machine.by_cgroup:
            return missing
        why = "workloads are processes: cgroup v2 has no cpu or memory controller here (doctor says why)"
        return (why, *missing)

    def digest(self, batch: EventBatch, degradations: tuple[str, ...] = ()) -> Digest:
        """``batch`` holds one window's events; the files are read now, at the window's end."""
        keys = _keys(batch)
        found = self._resolve(keys.tolist(), batch)
        row_of_key = {key: row for row, (_, members) in enumerate(found) for key in members}
        # What is nobody's goes to an extra row that is cut off.
        rows = np.array([row_of_key.get(key, len(found)) for key in keys.tolist()], dtype=np.int64)
        table = np.full(len(found) + 1, np.nan, dtype=table_dtype(len(self._node_ids)))
        for kind in _COUNTED.keys() & batch.counts.keys():
            _fill_counts(table, batch, kind, keys, rows)
        if "sched" in batch.counts:
            _fill_sched(table, batch, keys, rows)
        if "faults" in batch.lost:
            _fill_faults(table, batch.faults, rows[np.searchsorted(keys, batch.faults["workload"])])
        table = table[: len(found)]
        window_ns = batch.end_ns - batch.start_ns
        workloads = self._read_files(table, tuple(workload for workload, _ in found), window_ns)
        workloads = self._ran_on.told(workloads, batch.sched, row_of_key)
        return Digest(
            start_ns=batch.start_ns,
            end_ns=batch.end_ns,
            machine=self._machine_row(batch, window_ns),
            lost=dict(batch.lost),
            node_ids=self._node_ids,
            workloads=workloads,
            table=table,
            degradations=(*degradations, *self.degradations, *_unattributed(batch)),
        )

    def _resolve(self, keys: list[int], batch: EventBatch) -> list[tuple[Workload, list[int]]]:
        if isinstance(self._who, Cgroups):
            return self._who.resolve(keys, self._launched())
        return self._who.resolve(keys, batch.lifecycle, batch.lifecycle_whole, self._launched())

    def _read_files(
        self, table: Table, workloads: tuple[Workload, ...], window_ns: int
    ) -> tuple[Workload, ...]:
        """Fill in what the kernel keeps in files; gives the workloads, those read with their processes."""
        told = list(workloads)
        activity = np.nan_to_num(table["faults.minor"] + table["sched.switches"])
        chosen = self._reader.choose(workloads, activity)
        for row in chosen:
            if isinstance(self._who, Cgroups):
                told[row] = self._who.with_processes(told[row])
            reading = self._reader.read(told[row], window_ns)
            fill(table[row], reading.figures, reading.added, self._node_ids, window_ns)
        for row in set(range(len(told))) - set(chosen):
            if figures := self._reader.remembered(told[row]):
                fill(table[row], figures, {}, self._node_ids, window_ns)
        self._reader.forget_old()
        self._fill_heat(table, told, activity, window_ns)
        return tuple(self._with_devices(table, told, chosen))

    def _with_devices(self, table: Table, workloads: list[Workload], chosen: list[int]) -> list[Workload]:
        """Those of ``chosen``, whose processes are known, with the devices that they have open."""
        near = self._open_devices.look([workloads[row] for row in chosen])
        for row, workload in enumerate(workloads):
            if workload.id in near:
                workloads[row] = replace(workload, near=near[workload.id])
                table["device.open"][row] = len(near[workload.id])
        return workloads

    def _fill_heat(
        self, table: Table, workloads: list[Workload], activity: columns.Array, window_ns: int
    ) -> None:
        """Only of what ``exec`` started, the busiest first: looking at memory is not cheap."""
        if self._heat is None:
            return
        order = sorted(range(len(workloads)), key=lambda row: -activity[row])
        wanted = [workloads[row] for row in order if workloads[row].started_by_exec]
        rows = {workload.id: row for row, workload in enumerate(workloads)}
        for workload, heat in self._heat.read(wanted, window_ns).items():
            table["memory.working_set_bytes"][rows[workload]] = heat.working_set_bytes
            table["memory.hot_bytes"][rows[workload]] = heat.hot_bytes
            table["memory.cold_bytes"][rows[workload]] = heat.cold_bytes

    def _figures(self, workload: Workload) -> kernel_files.Figures:
        pids = [process.pid for process in workload.processes]
        if isinstance(self._who, Processes):
            figures = kernel_files.of_processes(pids, len(self._node_ids) > 1)
        elif self._who.accounts(workload) and workload.cgroup != self._own_cgroup:
            figures = kernel_files.of_cgroup(self._who.directory(workload))
        else:
            return kernel_files.Figures()
        if self._delays:
            figures.counters |= self._delays.read(pids)
        return figures

    def _machine_row(self, batch: EventBatch, window_ns: int) -> dict[str, Any]:
        now = machine_row.counters(self._machine)
        added = grown(now, self._machine_before)
        self._machine_before = now
        heat_source = (self._heat.source if self._heat else "") or None
        return machine_row.row(self._machine, added, batch, window_ns) | {"heat_source": heat_source}


def _unattributed(batch: EventBatch) -> list[str]:
    return [
        f"{kind}: events counted for no workload: {number}; the kernel had no room for one more just then"
        for kind, number in batch.unattributed.items()
    ]


def table_dtype(nodes: int) -> np.dtype[np.void]:
    """The columns of a digest on a machine with so many NUMA nodes."""
    return np.dtype([(name, np.float64) for name in COLUMNS] + [(NODE_BYTES, np.float64, (nodes,))])


def _keys(batch: EventBatch) -> columns.Array:
    """Every workload that anything is known of in this window, in order and once."""
    counted = [batch.counts[kind].keys for kind in _COUNTED.keys() & batch.counts.keys()]
    return np.unique(np.concatenate([*counted, batch.faults["workload"]]).astype(np.uint64))


def _fill_counts(
    table: Table, batch: EventBatch, kind: str, keys: columns.Array, rows: columns.Array
) -> None:
    counted = batch.counts[kind]
    row = rows[np.searchsorted(keys, counted.keys)]
    for member, column in _COUNTED[kind].items():
        table[column] = columns.count(row, len(table), counted.values[member].astype(np.float64))


def _fill_sched(table: Table, batch: EventBatch, keys: columns.Array, rows: columns.Array) -> None:
    counted = batch.counts["sched"]
    row, buckets = rows[np.searchsorted(keys, counted.keys)], counted.values["waits"].astype(np.float64)
    waits = np.stack([columns.count(row, len(table), bucket) for bucket in buckets.T], axis=1)
    table["sched.runqueue_p50_ns"] = columns.percentile(waits, 0.5)
    table["sched.runqueue_p99_ns"] = columns.percentile(waits, 0.99)
    table["sched.switches"] = table["sched.voluntary"] + table["sched.preempted"]
    # Whoever leaves a CPU by itself is woken to come back: a hook on that would cost more than it tells.
    table["sched.wakeups"] = table["sched.voluntary"]


def _fill_faults(table: Table, events: columns.Array, row: columns.Array) -> None:
    """Shares come from the sampled detail, and are of the faults that were counted."""
    size, weight = len(table), events["weight"].astype(np.float64)
    whole = table["faults.minor"] + table["faults.major"]
    # Without a count there is only the sample to go by.
    whole = np.where(np.isnan(whole), columns.count(row, size, weight), whole)
    for column, flag in (("kernel", FaultFlag.KERNEL), ("write", FaultFlag.WRITE)):
        part = columns.share(row, size, weight, (events["flags"] & flag) != 0)
        table[f"faults.{column}"] = np.where(whole > 0, np.round(part * whole), 0.0)
    table["faults.distinct_pages"] = columns.distinct_pages(
        row, size, events["tgid"], events["address"], whole
    )
    table["faults.sequential_ratio"] = columns.sequential_ratio(row, size, events)


def fill(
    row: Any, figures: kernel_files.Figures, added: dict[str, float], nodes: tuple[int, ...], window_ns: int
) -> None:
    """Put one workload's own accounting beside what was counted of its events, which goes first."""
    for column, value in figures.gauges.items():
        row[column] = value
    for column, value in added.items():
        if column.startswith("psi."):
            if column in COLUMNS:
                row[column] = min(value * 1e3 / window_ns, 1.0)
        elif np.isnan(row[column]):
            row[column] = value
    if figures.node_bytes:
        row[NODE_BYTES] = [figures.node_bytes.get(node, 0) for node in nodes]
