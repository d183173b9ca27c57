"""Columns against the plainest Python that says the same."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.digest import columns

EVENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 40)), max_size=60)


@given(EVENTS)
def test_distinct_pages(events: list[tuple[int, int, int]]) -> None:
    row = np.array([e[0] for e in events], dtype=np.int64)
    address = np.array([e[2] << 12 for e in events], dtype=np.uint64)
    plain: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for r, process, page in events:
        plain[r].add((process, page))
    tgid = np.array([e[1] for e in events], dtype=np.uint32)
    assert columns.distinct_pages(row, 4, tgid, address).tolist() == [len(plain[r]) for r in range(4)]


@given(EVENTS)
def test_sequential_ratio(events: list[tuple[int, int, int]]) -> None:
    row = np.array([e[0] for e in events], dtype=np.int64)
    tid = np.array([e[0] * 10 + e[1] for e in events], dtype=np.uint32)
    address = np.array([e[2] << 12 for e in events], dtype=np.uint64)
    ts = np.arange(len(events), dtype=np.uint64)
    last: dict[int, int] = {}
    pairs, steps = [0] * 4, [0] * 4
    for r, t, page in events:
        thread = r * 10 + t
        if thread in last:
            pairs[r] += 1
            steps[r] += page - last[thread] in columns.SEQUENTIAL_STEPS
        last[thread] = page
    found = columns.sequential_ratio(row, 4, tid, address, ts)
    for r in range(4):
        assert math.isnan(found[r]) if not pairs[r] else found[r] == steps[r] / pairs[r]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1000)), max_size=60), st.sampled_from([0.5, 0.99])
)
def test_percentile(values: list[tuple[int, int]], quantile: float) -> None:
    row = np.array([v[0] for v in values], dtype=np.int64)
    value = np.array([v[1] for v in values], dtype=np.uint64)
    found = columns.percentile(row, 4, value, quantile)
    for r in range(4):
        mine = sorted(v for where, v in values if where == r)
        if mine:
            assert found[r] == mine[math.ceil(quantile * len(mine)) - 1]
        else:
            assert math.isnan(found[r])


@pytest.mark.parametrize(
    ("step", "in_order"),
    # A page, a fault-around window of 64 KiB, a huge page of 2 MiB; backwards, or by anything else, is not.
    [(1, True), (16, True), (512, True)]
    + [(step, False) for step in (0, 2, 8, 15, 17, 32, 511, 513, 1024, -1, -16, -512)],
)
def test_steps_that_are_in_order(step: int, in_order: bool) -> None:
    row, tid = np.zeros(9, dtype=np.int64), np.ones(9, dtype=np.uint32)
    pages = 10_000 + step * np.arange(9, dtype=np.int64)
    address = (pages << 12).astype(np.uint64)
    found = columns.sequential_ratio(row, 1, tid, address, np.arange(9, dtype=np.uint64))
    assert found.tolist() == [1.0 if in_order else 0.0]
