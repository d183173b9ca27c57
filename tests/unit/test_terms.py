"""What rules can look at is the same, whether all of a workload is prepared or only what they name."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from situations import MIB, Row, hot, idle, situation, stream

from llamas_bpf.advise.expression import Expression
from llamas_bpf.advise.terms import Terms
from llamas_bpf.features import FIGURES, columns, value, workload_features

ROWS = [
    hot(),
    stream(),
    idle(),
    Row("w4"),
    Row("w5", {"faults.major": 3.0, "memory.current_bytes": 1.5 * MIB}),
]


def told(source: str, narrow: bool, row: int = 0) -> Any:
    """What the expression gives; the kind of error where it gives none."""
    expression, terms = Expression(source), Terms(situation(ROWS))
    if narrow:
        terms.keep_to(expression.words)
    terms.about(terms.workloads([row])[0])
    try:
        return terms.value(expression)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("workload.sched.wakeups_per_s > 20.0", False),
        ("workload.memory.node_bytes['2'] > 1.0", False),
        ("workload['sched'].run_ns > 1.0", True),
        ("workload.name == 'hot' && size(workload.pids) == 1", False),
        ("size(workload.sched) > 10", True),
        ("size(workload) > 5", True),
        ("workload.sched.all(name, name != 'x')", True),
        ("workload.does.all(trait, trait != 'x')", False),
        ("workloads.exists(o, o == workload)", True),
        ("workloads.map(o, o)[0].sched.run_ns > 1.0", True),
        ("workloads.filter(o, o.id != workload.id)[0].sched.run_ns > 1.0", False),
        ("in_force.exists(f, f.workload == workload.id) || workload.faults.minor >= 0.0", False),
    ],
)
def test_only_what_is_named_is_prepared_and_nothing_else_is_missed(source: str, whole: bool) -> None:
    assert (Expression(source).words is None) == whole
    everything = told(source, narrow=False)
    assert isinstance(everything, bool)
    assert told(source, narrow=True) == everything


@pytest.mark.parametrize("row", range(len(ROWS) - 2))
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("figure", ["sched.wakeups_per_s", "faults.sequential_ratio"])
def test_a_plain_comparison_is_what_cel_makes_of_it(figure: str, sign: str, row: int) -> None:
    plain, by_cel = f"workload.{figure} {sign} 60.0", f"(workload.{figure} {sign} 60.0)"
    assert Expression(plain).comparison
    assert not Expression(by_cel).comparison
    assert told(plain, narrow=True, row=row) == told(by_cel, narrow=True, row=row)


@pytest.mark.parametrize(
    "figure", ["sched.wakeups_per_s > 40.0", "sched.run_ns <= 0.0", "faults.sequential_ratio > 0.5"]
)
def test_a_plain_comparison_of_any_is_what_cel_makes_of_it(figure: str) -> None:
    name = figure.split(maxsplit=1)[0]
    plain, by_cel = (
        f"workloads.exists(o, o.{name} != null && {f})" for f in (f"o.{figure}", f"(o.{figure})")
    )
    assert Expression(plain).of_any
    assert not Expression(by_cel).of_any
    assert told(plain, narrow=True) == told(by_cel, narrow=True)


@pytest.mark.parametrize(
    "source",
    [
        "workload.sched.run_ns > 2",
        "workload.sched.run_ns > 2.0 || true",
        "workload.memory.node_bytes > 2.0",
        "workloads.exists(o, o.sched.run_ns > 2.0)",
        "workloads.exists(o, o.sched.run_ns != null && o.sched.wakeups > 2.0)",
    ],
)
def test_other_comparisons_are_cels(source: str) -> None:
    assert not Expression(source).comparison
    assert not Expression(source).of_any


def test_figures_are_those_of_the_features() -> None:
    one = situation(ROWS)
    found = columns(one.digest, one.machine, list(range(len(ROWS))))
    for row in range(len(ROWS)):
        features = workload_features(one.digest, one.machine, row)
        for metric in FIGURES:
            figure = found[metric][row].item()
            assert (None if math.isnan(figure) else figure) == value(features, metric), metric
    assert value(features, "faults.per_s") == 3
    assert value(features, "memory.total_bytes") == 1.5 * MIB
    assert value(features, "memory.fast_tier_ratio") is None
    assert columns(one.digest, one.machine, [0], {"run_ns"}).keys() == {"sched.run_ns"}


@given(st.floats(-1e18, 1e18) | st.integers(0, 1 << 50).map(float))
def test_figures_have_six_decimals(figure: float) -> None:
    one = situation([Row("w1", {"sched.run_ns": figure})])
    [found] = columns(one.digest, one.machine, [0])["sched.run_ns"].tolist()
    assert found == pytest.approx(round(figure, 6), rel=0, abs=1.1e-6)
    assert abs(figure) < 2**33 or found == figure
