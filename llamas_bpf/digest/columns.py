"""Events into per-workload columns: numpy all the way, no Python code runs per event.

``row`` arrays say, for each event, which workload's row it belongs to.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

PAGE_SHIFT = 12
#: Page steps that a program walking through memory makes: the next page, the next fault-around window
#: (fault_around_bytes, 64 KiB), the next transparent huge page.
SEQUENTIAL_STEPS = (1, 16, 512)


def count(row: Array, rows: int, weight: Array) -> Array:
    """Events per workload, each record counting for as many as it stands for."""
    counts: Array = np.bincount(row, weights=weight, minlength=rows)
    return counts


def distinct_pages(row: Array, rows: int, tgid: Array, address: Array) -> Array:
    """How many different pages a workload faulted on; each process has its own address space."""
    page = address >> np.uint64(PAGE_SHIFT)
    order = np.lexsort((page, tgid, row))
    row, tgid, page = row[order], tgid[order], page[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (tgid[1:] != tgid[:-1]) | (page[1:] != page[:-1])
    return count(row[first], rows, np.ones(int(first.sum())))


def sequential_ratio(row: Array, rows: int, tid: Array, address: Array, ts_ns: Array) -> Array:
    """Share of a workload's faults that continue the same thread's previous one; NaN below two faults."""
    order = np.lexsort((ts_ns, tid))
    row, tid = row[order], tid[order]
    page = (address[order] >> np.uint64(PAGE_SHIFT)).astype(np.int64)
    same = (tid[1:] == tid[:-1]) & (row[1:] == row[:-1])
    steps = np.isin(page[1:] - page[:-1], SEQUENTIAL_STEPS)
    pairs = np.bincount(row[1:][same], minlength=rows).astype(np.float64)
    runs = np.bincount(row[1:][same & steps], minlength=rows).astype(np.float64)
    ratio: Array = np.divide(runs, pairs, out=np.full(rows, np.nan), where=pairs > 0)
    return ratio


def percentile(row: Array, rows: int, value: Array, quantile: float) -> Array:
    """Nearest-rank percentile of ``value`` per workload; NaN without a value."""
    order = np.lexsort((value, row))
    row, value = row[order], value[order]
    found = np.full(rows, np.nan)
    if len(row) == 0:
        return found
    sizes = np.bincount(row, minlength=rows)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    ranks = np.ceil(quantile * sizes).astype(np.int64) - 1
    filled = sizes > 0
    found[filled] = value[(starts + np.maximum(ranks, 0))[filled]]
    return found
