"""One window of a machine, as columns over its workloads."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from llamas_bpf.contracts.workload import Workload

#: Per-workload columns, all float64: NaN where the kernel cannot tell. A dot is a level of the JSON.
COLUMNS = (
    "faults.minor",
    "faults.major",
    "faults.kernel",
    "faults.write",
    "faults.numa_hint",
    "faults.distinct_pages",
    "faults.sequential_ratio",
    "faults.stall_ns",
    "sched.switches",
    "sched.voluntary",
    "sched.preempted",
    "sched.wakeups",
    "sched.run_ns",
    "sched.runqueue_p50_ns",
    "sched.runqueue_p99_ns",
    "sched.migrations",
    "sched.cross_node_migrations",
    "reclaim.stall_ns",
    "reclaim.oom_kills",
    "reclaim.demoted_pages",
    "reclaim.promoted_pages",
    "memory.current_bytes",
    "memory.working_set_bytes",
    "memory.hot_bytes",
    "memory.cold_bytes",
    "memory.refaults",
    "delay.cpu_ns",
    "delay.swapin_ns",
    "delay.reclaim_ns",
    "delay.thrashing_ns",
    "delay.compaction_ns",
    "device.open",
    "psi.cpu_some_ratio",
    "psi.memory_some_ratio",
    "psi.memory_full_ratio",
    "psi.io_some_ratio",
)

#: ``memory.node_bytes`` is a column per NUMA node, in the order of ``Digest.node_ids``.
NODE_BYTES = "memory.node_bytes"


@dataclass(frozen=True)
class Digest:
    """One window (default 1 s).

    ``start_ns``/``end_ns`` are CLOCK_MONOTONIC. ``table`` is a structured array, one row per entry of
    ``workloads``, with the fields ``COLUMNS`` plus ``NODE_BYTES`` (a sub-array of ``len(node_ids)``).
    ``machine`` is the machine's own row, already in its JSON form; its ``sampling`` tells of how many events
    a record was one. Counts are exact all the same, but where that is more than 1 ``faults.write``,
    ``kernel``, ``distinct_pages`` and ``sequential_ratio`` are estimates. ``lost`` counts, per event kind,
    records the kernel could not deliver in this window.
    """

    start_ns: int
    end_ns: int
    machine: dict[str, Any]
    lost: dict[str, int]
    node_ids: tuple[int, ...]
    workloads: tuple[Workload, ...]
    table: np.ndarray[Any, np.dtype[np.void]]
    degradations: tuple[str, ...] = ()
