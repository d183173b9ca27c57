"""One window's events, and the kernel's own files, into one Digest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.events import EventBatch, FaultFlag, SchedType
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Launched, Workload
from llamas_bpf.digest import columns, kernel_files, machine_row
from llamas_bpf.digest.workloads import Cgroups, Processes

Table = np.ndarray[Any, np.dtype[np.void]]

#: Cost follows activity: beside those started by ``exec``, so many workloads have their files read a window.
BUSIEST = 200


class Digester:
    """Keeps what must be remembered between windows: who is who, and how far counters had got.

    ``by_cgroup`` says what a workload is here: a cgroup where the cpu or memory controller is usable,
    else a process or the tree that ``exec`` started.
    """

    def __init__(self, machine: Machine, launched: Callable[[], list[Launched]]) -> None:
        self._machine = machine
        self._launched = launched
        self._node_ids = tuple(node.id for node in machine.nodes)
        self._node_of_cpu = _by_id({cpu.id: cpu.node for cpu in machine.cpus})
        mount = machine.cgroup_mount
        self.by_cgroup = mount is not None and bool({"cpu", "memory"} & set(machine.cgroup_controllers))
        self._who = Cgroups(Path(mount or "/")) if self.by_cgroup else Processes()
        self._own_cgroup = kernel_files.own_cgroup()
        self._before: dict[str, dict[str, float]] = {}
        self._machine_before = machine_row.counters(machine)

    @property
    def degradations(self) -> tuple[str, ...]:
        """What cannot be told on this machine, and why."""
        if self.by_cgroup:
            return ()
        return ("workloads are processes: cgroup v2 has no cpu or memory controller here (doctor says why)",)

    def digest(self, batch: EventBatch, degradations: tuple[str, ...] = ()) -> Digest:
        """``batch`` holds one window's events; the files are read now, at the window's end."""
        sides = self._sides(batch)
        keys = np.unique(np.concatenate([side.astype(np.uint64) for side in sides.values()]))
        found = self._who.resolve(keys[keys > 0].tolist(), self._launched())
        workloads = tuple(workload for workload, _ in found)
        row_of_key = {key: row for row, (_, members) in enumerate(found) for key in members}
        # A side that is nobody's (idle, or our own) goes to an extra row that is cut off.
        rows_by_key = np.array([row_of_key.get(key, len(found)) for key in keys.tolist()], dtype=np.int64)
        rows = {name: rows_by_key[np.searchsorted(keys, side)] for name, side in sides.items()}
        table = self._table(batch, rows, len(found) + 1)[: len(found)]
        self._read_files(table, workloads, batch.end_ns - batch.start_ns)
        return Digest(
            start_ns=batch.start_ns,
            end_ns=batch.end_ns,
            machine=self._machine_row(batch.end_ns - batch.start_ns),
            lost=dict(batch.lost),
            node_ids=self._node_ids,
            workloads=workloads,
            table=table,
            degradations=(*degradations, *self.degradations),
        )

    def _sides(self, batch: EventBatch) -> dict[str, columns.Array]:
        """For each kind of event, the keys of those it is about; a switch has two sides."""
        name = "cgroup_id" if self.by_cgroup else "tgid"
        return {
            "fault": batch.faults[name],
            "prev": batch.sched[f"prev_{name}"],
            "next": batch.sched[f"next_{name}"],
        }

    def _table(self, batch: EventBatch, rows: dict[str, columns.Array], size: int) -> Table:
        table = np.full(size, np.nan, dtype=table_dtype(len(self._node_ids)))
        # A kind that this kernel refused has no entry in ``lost``, and its columns stay unknown.
        if "faults" in batch.lost:
            self._fault_columns(table, batch.faults, rows["fault"])
        if "sched" in batch.lost:
            self._sched_columns(table, batch.sched, rows["prev"], rows["next"])
        return table

    def _fault_columns(self, table: Table, events: columns.Array, row: columns.Array) -> None:
        size, weight = len(table), events["weight"].astype(np.float64)
        for column, flag in (("kernel", FaultFlag.KERNEL), ("write", FaultFlag.WRITE)):
            table[f"faults.{column}"] = columns.count(row, size, weight * ((events["flags"] & flag) != 0))
        table["faults.minor"] = columns.count(row, size, weight)
        table["faults.distinct_pages"] = columns.distinct_pages(row, size, events["tgid"], events["address"])
        table["faults.sequential_ratio"] = columns.sequential_ratio(
            row, size, events["tid"], events["address"], events["ts_ns"]
        )

    def _sched_columns(self, table: Table, events: columns.Array, prev: Any, next_: Any) -> None:
        size, kind = len(table), events["type"]
        # A side that is nobody's (idle, or ours) has tid 0 and counts for nobody.
        leaves = (kind == SchedType.SWITCH) & (events["prev_tid"] != 0)
        waited = (kind == SchedType.SWITCH) & (events["next_tid"] != 0) & (events["next_wait_ns"] > 0)
        woken = (kind == SchedType.WAKEUP) | (kind == SchedType.WAKEUP_NEW)
        moved = kind == SchedType.MIGRATE
        across = moved & (self._node(events["orig_cpu"]) != self._node(events["dest_cpu"]))
        weight = events["weight"].astype(np.float64)
        table["sched.switches"] = columns.count(prev, size, weight * leaves)
        table["sched.run_ns"] = columns.count(prev, size, weight * leaves * events["prev_run_ns"])
        table["sched.wakeups"] = columns.count(next_, size, weight * woken)
        table["sched.migrations"] = columns.count(next_, size, weight * moved)
        table["sched.cross_node_migrations"] = columns.count(next_, size, weight * across)
        for column, quantile in (("p50", 0.5), ("p99", 0.99)):
            table[f"sched.runqueue_{column}_ns"] = columns.percentile(
                next_[waited], size, events["next_wait_ns"][waited], quantile
            )

    def _node(self, cpu: columns.Array) -> columns.Array:
        return self._node_of_cpu[np.minimum(cpu, len(self._node_of_cpu) - 1)]

    def _read_files(self, table: Table, workloads: tuple[Workload, ...], window_ns: int) -> None:
        active = np.nan_to_num(table["faults.minor"] + table["sched.switches"])
        busiest = set(np.argsort(-active)[:BUSIEST].tolist())
        before, self._before = self._before, {}
        for row, workload in enumerate(workloads):
            if row in busiest or workload.started_by_exec:
                figures = self._figures(workload)
                self._before[workload.id] = figures.counters
                added = grown(figures.counters, before.get(workload.id))
                fill(table[row], figures, added, self._node_ids, window_ns)
            elif workload.id in before:
                self._before[workload.id] = before[workload.id]

    def _figures(self, workload: Workload) -> kernel_files.Figures:
        if isinstance(self._who, Cgroups):
            if not self._who.accounts(workload) or workload.cgroup == self._own_cgroup:
                return kernel_files.Figures()
            return kernel_files.of_cgroup(self._who.directory(workload))
        pids = [process.pid for process in workload.processes]
        return kernel_files.of_processes(pids, len(self._node_ids) > 1)

    def _machine_row(self, window_ns: int) -> dict[str, Any]:
        now = machine_row.counters(self._machine)
        added = grown(now, self._machine_before)
        self._machine_before = now
        return machine_row.row(self._machine, added, window_ns)


def table_dtype(nodes: int) -> np.dtype[np.void]:
    """The columns of a digest on a machine with so many NUMA nodes."""
    return np.dtype([(name, np.float64) for name in COLUMNS] + [(NODE_BYTES, np.float64, (nodes,))])


def grown(now: dict[str, float], before: dict[str, float] | None) -> dict[str, float]:
    """What counters grew by; nothing where there is no earlier reading to compare with."""
    if before is None:
        return {}
    return {name: max(value - before[name], 0.0) for name, value in now.items() if name in before}


def fill(
    row: Any, figures: kernel_files.Figures, added: dict[str, float], nodes: tuple[int, ...], window_ns: int
) -> None:
    """Put one workload's own accounting beside what was counted from its events."""
    for column, value in figures.gauges.items():
        row[column] = value
    for column, value in added.items():
        if column.startswith("psi."):
            if column in COLUMNS:
                row[column] = min(value * 1e3 / window_ns, 1.0)
        else:
            # This also betters sched.run_ns: a task that never left its CPU was in no switch.
            row[column] = value
    # The kernel also counts major faults that raise no exception, such as those of get_user_pages().
    row["faults.minor"] = max(row["faults.minor"] - np.nan_to_num(row["faults.major"]), 0.0)
    if figures.node_bytes:
        row[NODE_BYTES] = [figures.node_bytes.get(node, 0) for node in nodes]


def _by_id(values: dict[int, int]) -> columns.Array:
    table = np.zeros(max(values) + 1, dtype=np.int64)
    for index, value in values.items():
        table[index] = value
    return table
