"""One window's figures for a verdict: of one workload, or of all where the action was the machine's."""

import math

import numpy as np

from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Machine

#: Metric to value; NaN where the kernel cannot tell.
Readings = dict[str, float]

#: What must not rise, whatever was hoped for. ``machine.`` is the machine's own row.
SAFETY = (
    "psi.memory_some_ratio",
    "psi.memory_full_ratio",
    "psi.cpu_some_ratio",
    "psi.io_some_ratio",
    "sched.runqueue_p99_ns",
    "faults.major",
    "machine.psi.memory_some_ratio",
    "machine.psi.cpu_some_ratio",
)

_PER_WINDOW = ("faults.major", "sched.run_ns")


def read(digest: Digest, machine: Machine, workload: str | None, expected: str | None) -> Readings | None:
    """The safety metrics and the expected one; None where the workload is not in this window.

    ``workload`` None is the whole machine: worst latency, summed counts and bytes.
    """
    metrics = (*SAFETY, expected) if expected else SAFETY
    if workload is None:
        return {metric: _overall(digest, machine, metric) for metric in metrics}
    row = next((row for row, known in enumerate(digest.workloads) if known.id == workload), None)
    if row is None:
        return None
    return {metric: _of_row(digest, machine, row, metric) for metric in metrics}


def _of_row(digest: Digest, machine: Machine, row: int, metric: str) -> float:
    if metric.startswith("machine."):
        return _machine_psi(digest, metric)
    if metric == "memory.fast_tier_ratio":
        return _fast_ratio(digest, machine, digest.table[NODE_BYTES][row : row + 1])
    return float(_column(digest, metric)[row]) if metric in COLUMNS else math.nan


def _overall(digest: Digest, machine: Machine, metric: str) -> float:
    if metric.startswith(("machine.", "psi.")):
        return _machine_psi(digest, metric)
    if metric == "memory.fast_tier_ratio":
        return _fast_ratio(digest, machine, digest.table[NODE_BYTES])
    column = _column(digest, metric)
    known = column[~np.isnan(column)]
    if not len(known):
        return math.nan
    return float(known.max() if metric.endswith("_p99_ns") else known.sum())


def _column(digest: Digest, metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What adds up over a window is taken per second: on a busy machine a window can last longer."""
    column = digest.table[metric]
    if metric in _PER_WINDOW:
        return np.asarray(column / ((digest.end_ns - digest.start_ns) / 1e9))
    return np.asarray(column)


def _machine_psi(digest: Digest, metric: str) -> float:
    value = digest.machine.get("psi", {}).get(metric.rpartition(".")[2])
    return math.nan if value is None else float(value)


def _fast_ratio(
    digest: Digest, machine: Machine, sizes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> float:
    fast = [digest.node_ids.index(node) for node in machine.tiers[0].nodes if node in digest.node_ids]
    total = np.nansum(sizes)
    return float(np.nansum(sizes[:, fast]) / total) if total else math.nan
