"""What rules can look at is the same, whether all of a workload is prepared or only what they name."""

from typing import Any

import pytest
from situations import MIB, Row, hot, idle, situation, stream

from llamas_bpf.advise.expression import Expression
from llamas_bpf.advise.terms import Terms
from llamas_bpf.contracts.digest import COLUMNS
from llamas_bpf.features import figures, value, workload_features

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
    terms.about(terms.workloads()[row])
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
@pytest.mark.parametrize("figure", ["sched.wakeups_per_s", "faults.sequential_ratio", "memory.node_bytes"])
def test_a_plain_comparison_is_what_cel_makes_of_it(figure: str, sign: str, row: int) -> None:
    plain, by_cel = f"workload.{figure} {sign} 60.0", f"(workload.{figure} {sign} 60.0)"
    assert Expression(plain).comparison
    assert not Expression(by_cel).comparison
    assert told(plain, narrow=True, row=row) == told(by_cel, narrow=True, row=row)


@pytest.mark.parametrize("source", ["workload.sched.run_ns > 2", "workload.sched.run_ns > 2.0 || true"])
def test_other_comparisons_are_cels(source: str) -> None:
    assert not Expression(source).comparison


def test_figures_are_those_of_the_features() -> None:
    one = situation(ROWS)
    rows = list(range(len(ROWS)))
    derived = ("faults.per_s", "sched.wakeups_per_s", "sched.cpu_ratio", "memory.total_bytes")
    for row, found in zip(rows, figures(one.digest, one.machine, rows), strict=True):
        features = workload_features(one.digest, one.machine, row)
        for metric in (*COLUMNS, *derived, "memory.fast_tier_ratio"):
            assert value(found, metric) == value(features, metric), metric
    assert value(features, "faults.per_s") == 3
    assert value(features, "memory.total_bytes") == 1.5 * MIB
    assert value(features, "memory.fast_tier_ratio") is None
