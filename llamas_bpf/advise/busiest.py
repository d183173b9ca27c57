"""Which workloads matter most, found without looking at each in turn: there may be ten thousand."""

import numpy as np

from llamas_bpf.contracts.digest import Digest
from llamas_bpf.features import Column

#: About what one minor fault costs a program, to weigh faults against CPU time.
_FAULT_NS = 1500


def rows(digest: Digest, most: int) -> list[int]:
    """Rows of the workloads that ``exec`` started, all of them, then of the ``most`` busiest others."""
    if not digest.workloads:
        return []
    table = digest.table
    faults = _or_0(table["faults.minor"]) + _or_0(table["faults.major"])
    busy = _or_0(table["sched.run_ns"]) + faults * _FAULT_NS
    order = np.argsort(-busy, kind="stable").tolist()
    started = [row for row in order if digest.workloads[row].started_by_exec]
    others = [row for row in order if not digest.workloads[row].started_by_exec and busy[row] > 0]
    return started + others[:most]


def _or_0(values: Column) -> Column:
    """0 for what is not known."""
    return np.where(np.isnan(values), 0.0, values)
