"""Counts and sampled events into per-workload columns: numpy all the way, no Python code runs per event.

``row`` arrays say, for each event, which workload's row it belongs to.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

PAGE_SHIFT = 12
#: Bucket i of a wait histogram begins at 2^(i + 7) ns (bpf/events.h).
WAIT_SHIFT = 7
#: Samples come in runs of 16 (bpf/ring.bpf.h).
RUN_SHIFT = 4
#: Page steps that a program walking through memory makes: up to a fault-around window of 16 pages
#: (fault_around_bytes is 64 KiB; pages that are not cached yet cut it short), or a transparent huge page.
SEQUENTIAL_STEPS = (*range(1, 17), 512)


def count(row: Array, rows: int, weight: Array) -> Array:
    """Events per workload, each record counting for as many as it stands for."""
    counts: Array = np.bincount(row, weights=weight, minlength=rows)
    return counts


def share(row: Array, rows: int, weight: Array, chosen: Array) -> Array:
    """Share of each workload's sampled events that are ``chosen``; NaN without a sample."""
    whole = count(row, rows, weight)
    part = count(row, rows, weight * chosen)
    shares: Array = np.divide(part, whole, out=np.full(rows, np.nan), where=whole > 0)
    return shares


def distinct_pages(row: Array, rows: int, tgid: Array, address: Array, whole: Array) -> Array:
    """How many different pages a workload faulted on; each process has its own address space.

    ``whole`` is how many faults there were, shape (rows,), of which these are a sample. What the sample did
    not meet is estimated from what it met only once or twice (Chao 1984, bias-corrected), which cannot make
    more pages than faults. NaN without a sample of faults that there were.
    """
    page = address >> np.uint64(PAGE_SHIFT)
    order = np.lexsort((page, tgid, row))
    row, tgid, page = row[order], tgid[order], page[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (tgid[1:] != tgid[:-1]) | (page[1:] != page[:-1])
    starts = np.flatnonzero(first)
    times = np.diff(np.append(starts, len(row)))
    ones = np.ones(len(starts))
    met = count(row[starts], rows, ones)
    once = count(row[starts], rows, ones * (times == 1))
    twice = count(row[starts], rows, ones * (times == 2))
    sampled = np.bincount(row, minlength=rows)
    estimate = np.minimum(met + once * (once - 1) / (2 * (twice + 1)), np.maximum(whole, met))
    found: Array = np.where(sampled >= whole, met, estimate)
    found[(sampled == 0) & (whole > 0)] = np.nan
    return found


def sequential_ratio(row: Array, rows: int, faults: Array) -> Array:
    """Share of a workload's faults that continue the same thread's previous one; NaN without such a pair.

    ``faults`` are records of ``fault_event``, ``row`` whose they are.
    """
    order = np.lexsort((faults["ts_ns"], faults["tid"]))
    row, faults = row[order], faults[order]
    page = (faults["address"] >> np.uint64(PAGE_SHIFT)).astype(np.int64)
    same = (faults["tid"][1:] == faults["tid"][:-1]) & (row[1:] == row[:-1]) & _nothing_between(faults)
    steps = np.isin(page[1:] - page[:-1], SEQUENTIAL_STEPS)
    pairs = np.bincount(row[1:][same], minlength=rows).astype(np.float64)
    runs = np.bincount(row[1:][same & steps], minlength=rows).astype(np.float64)
    ratio: Array = np.divide(runs, pairs, out=np.full(rows, np.nan), where=pairs > 0)
    return ratio


def _nothing_between(faults: Array) -> Array:
    """For each record but the first, whether the sampling left out none since the one before it."""
    whole = (faults["weight"][1:] == 1) & (faults["weight"][:-1] == 1)
    run = faults["serial"] >> np.uint64(RUN_SHIFT)
    nothing: Array = whole | ((faults["cpu"][1:] == faults["cpu"][:-1]) & (run[1:] == run[:-1]))
    return nothing


def percentile(buckets: Array, quantile: float) -> Array:
    """From histograms of shape (rows, 32), as ``sched_count.waits`` has them; NaN without a value.

    Within a bucket values are taken to be spread evenly.
    """
    totals = buckets.sum(axis=1)
    rank = np.ceil(quantile * totals)
    below = np.cumsum(buckets, axis=1)
    at = (below < rank[:, None]).sum(axis=1)
    rows = np.arange(len(buckets))
    at = np.minimum(at, buckets.shape[1] - 1)
    inside = rank - (below[rows, at] - buckets[rows, at])
    low = np.where(at == 0, 0.0, 2.0 ** (at + WAIT_SHIFT))
    width = np.where(at == 0, 2.0 ** (WAIT_SHIFT + 1), low)
    found: Array = low + width * inside / np.maximum(buckets[rows, at], 1)
    found[totals == 0] = np.nan
    return found
