"""Columns against the plainest Python that says the same."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quiet import LAYOUTS

from llamas_bpf.digest import columns

FAULT = LAYOUTS["fault_event"]
EVENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 40)), max_size=60)


@given(EVENTS)
def test_distinct_pages(events: list[tuple[int, int, int]]) -> None:
    row = np.array([e[0] for e in events], dtype=np.int64)
    address = np.array([e[2] << 12 for e in events], dtype=np.uint64)
    plain: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for r, process, page in events:
        plain[r].add((process, page))
    tgid = np.array([e[1] for e in events], dtype=np.uint32)
    whole = np.bincount(row, minlength=4).astype(np.float64)
    assert columns.distinct_pages(row, 4, tgid, address, whole).tolist() == [len(plain[r]) for r in range(4)]


@given(EVENTS)
def test_sequential_ratio(events: list[tuple[int, int, int]]) -> None:
    row = np.array([e[0] for e in events], dtype=np.int64)
    faults = np.zeros(len(events), FAULT)
    faults["tid"] = [e[0] * 10 + e[1] for e in events]
    faults["address"] = [e[2] << 12 for e in events]
    faults["ts_ns"], faults["weight"] = np.arange(len(events)), 1
    last: dict[int, int] = {}
    pairs, steps = [0] * 4, [0] * 4
    for r, t, page in events:
        thread = r * 10 + t
        if thread in last:
            pairs[r] += 1
            steps[r] += page - last[thread] in columns.SEQUENTIAL_STEPS
        last[thread] = page
    found = columns.sequential_ratio(row, 4, faults)
    for r in range(4):
        assert math.isnan(found[r]) if not pairs[r] else found[r] == steps[r] / pairs[r]


def sampled(pages: np.ndarray, period: int) -> tuple[float, np.ndarray]:
    """Distinct pages as told from runs of 16 of one in ``period``."""
    kept = pages[(np.arange(len(pages)) >> 4) % period == 0]
    row, tgid = np.zeros(len(kept), np.int64), np.ones(len(kept), np.uint32)
    whole = np.array([float(len(pages))])
    address = (kept << 12).astype(np.uint64)
    return float(columns.distinct_pages(row, 1, tgid, address, whole)[0]), kept


def test_pages_touched_once_are_as_many_as_faults() -> None:
    found, kept = sampled(np.arange(100_000), 64)
    assert len(kept) < 2000
    assert found == 100_000


def test_a_few_pages_touched_often_stay_few() -> None:
    found, _ = sampled(np.random.default_rng(1).integers(0, 300, 200_000), 64)
    assert found == pytest.approx(300, rel=0.05)


def test_pages_touched_some_times_are_estimated() -> None:
    found, kept = sampled(np.random.default_rng(2).integers(0, 20_000, 200_000), 16)
    assert len(np.unique(kept)) < 10_000
    assert found == pytest.approx(20_000, rel=0.1)


def test_nothing_is_told_of_faults_without_a_sample() -> None:
    none = np.empty(0, np.int64)
    found = columns.distinct_pages(none, 2, none, none.astype(np.uint64), np.array([5.0, 0.0]))
    assert math.isnan(found[0])
    assert found[1] == 0
    shares = columns.share(none, 2, none, none.astype(bool))
    assert np.isnan(shares).all()


@given(st.lists(st.integers(0, 2**36), min_size=1, max_size=200), st.sampled_from([0.5, 0.99]))
def test_percentile(values: list[int], quantile: float) -> None:
    """As near as the buckets let it be: within the bucket of the value with that rank."""
    buckets = np.zeros((2, 32))
    for value in values:
        buckets[0, min(max(value.bit_length() - 8, 0), 31)] += 1
    found = columns.percentile(buckets, quantile)
    exact = sorted(values)[math.ceil(quantile * len(values)) - 1]
    low, high = (0, 256) if exact < 256 else (1 << exact.bit_length() - 1, 1 << exact.bit_length())
    assert low <= found[0] <= high
    assert math.isnan(found[1])


@pytest.mark.parametrize(
    ("step", "in_order"),
    # Up to a fault-around window of 64 KiB, or a huge page of 2 MiB; backwards, or by anything else, is not.
    [(step, True) for step in (1, 2, 8, 15, 16, 512)]
    + [(step, False) for step in (0, 17, 32, 511, 513, 1024, -1, -16, -512)],
)
def test_steps_that_are_in_order(step: int, in_order: bool) -> None:
    faults = walk(10_000 + step * np.arange(9))
    assert columns.sequential_ratio(np.zeros(9, np.int64), 1, faults).tolist() == [1.0 if in_order else 0.0]


def walk(pages: np.ndarray) -> np.ndarray:
    """One thread's faults, on one CPU."""
    faults = np.zeros(len(pages), FAULT)
    faults["tid"], faults["weight"] = 1, 1
    faults["address"] = pages << 12
    faults["ts_ns"] = faults["serial"] = np.arange(len(pages))
    return faults


def test_a_gap_in_the_sample_is_no_step() -> None:
    """Runs of 16 from a walk of 6,400: all in order, though from run to run pages are left out."""
    faults = walk(np.arange(6400))
    kept = faults[(faults["serial"] >> 4) % 8 == 0]
    kept["weight"] = 8
    row = np.zeros(len(kept), np.int64)
    assert columns.sequential_ratio(row, 1, kept).tolist() == [1.0]
    # On another CPU, the run of that number is another one.
    kept["cpu"] = np.arange(len(kept)) % 2
    assert np.isnan(columns.sequential_ratio(row, 1, kept)).all()
