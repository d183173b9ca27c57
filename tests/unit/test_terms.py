"""What rules can look at is the same, whether all of a workload is prepared or only what they name."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from situations import MIB, Row, hot, idle, situation, stream

from llamas_bpf.advise.expression import Expression
from llamas_bpf.advise.lasting import Lasting
from llamas_bpf.advise.terms import Terms
from llamas_bpf.contracts.action import Action, Affinity, Applied
from llamas_bpf.features import FIGURES, columns, value, workload_features

ROWS = [
    hot(),
    stream(),
    idle(),
    Row("w4"),
    Row("w5", {"faults.major": 3.0, "memory.current_bytes": 1.5 * MIB}),
]


def affinity(workload: str | None) -> Applied:
    """In force."""
    target = Affinity(pid=100, start_ticks=1)
    action = Action(id="1.1", hint_id=1, workload=workload, target=target, value="0", ttl_s=60)
    return Applied(action=action, status="applied", old="0-1", new="0", at_ns=0)


def told(source: str, narrow: bool, row: int = 0, in_force: Sequence[Applied] = ()) -> Any:
    """What the expression gives; the kind of error where it gives none."""
    expression, terms = Expression(source), Terms(situation(ROWS, in_force=in_force))
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


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("knobs", ["== 'affinity'", "in ['cpuset.cpus', 'affinity']", "in ['cpuset.mems']"])
def test_that_a_knob_is_not_set_is_what_cel_makes_of_it(knobs: str, row: int) -> None:
    plain = f"!in_force.exists(f, f.workload == workload.id && f.knob {knobs})"
    by_cel = f"({plain})"
    assert Expression(plain).unset
    assert not Expression(by_cel).unset
    in_force = [affinity("w2"), affinity(None)]  # the busiest comes first, which is w2
    assert told(plain, True, row, in_force) == (row == 1 or "affinity" not in knobs)
    assert told(by_cel, True, row, in_force) == told(plain, True, row, in_force)


@pytest.mark.parametrize("row", [0, 2])
@pytest.mark.parametrize(
    "source",
    [
        "'It wakes ' + whole(workload.sched.wakeups_per_s) + ' times … ' + mib(workload.memory.total_bytes)",
        "percent(workload.sched.cpu_ratio)\n    + '' + ms(workload.sched.runqueue_p99_ns)",
    ],
)
def test_a_sentence_is_what_cel_makes_of_it(source: str, row: int) -> None:
    by_cel = f"({source})"
    assert Expression(source).sentence
    assert not Expression(by_cel).sentence
    plain, cels = told(source, narrow=True, row=row), told(by_cel, narrow=True, row=row)
    assert plain == cels if isinstance(plain, str) else not isinstance(cels, str)


@pytest.mark.parametrize(
    "source",
    [
        "workload.name + ' waits'",
        "mib(workload.memory.total_bytes * 2.0)",
        "'it\\'s ' + ms(workload.sched.run_ns)",
        "whole(workload.memory.nothing)",
        "whole(machine.psi.cpu_some_ratio)",
    ],
)
def test_other_sentences_are_cels(source: str) -> None:
    assert not Expression(source).sentence


@pytest.mark.parametrize(
    "source",
    [
        "!in_force.exists(f, f.knob == 'affinity')",
        "in_force.exists(f, f.workload == workload.id && f.knob == 'affinity')",
        "!in_force.exists(f, f.workload == workload.name && f.knob == 'affinity')",
        "!in_force.exists(f, f.workload == workload.id && f.knob == 'affinity') || true",
    ],
)
def test_other_questions_about_what_is_in_force_are_cels(source: str) -> None:
    assert not Expression(source).unset


@pytest.mark.parametrize(
    ("source", "lasts"),
    [
        ("size(machine.nodes) > 1", True),
        ("machine.nodes.exists(n, n.total_bytes > 1.0)", True),
        ("machine.cpu_domains[0]", True),
        ("machine.nodes.exists(n, n.free_bytes > 1.0)", False),
        ("machine['psi'].cpu_some_ratio > 0.5", False),
        ("machine.tiering.demotion_enabled == false", False),
        ("size(machine) > 8", False),
        ("machine.nodes.exists(n, n == machine.nodes[0])", False),
        ("size(machine.nodes) > 1 && size(in_force) == 0", False),
        ("workload.sched.run_ns > 1.0", False),
    ],
)
def test_what_a_machine_keeps_is_worked_out_once(source: str, lasts: bool) -> None:
    expression, before, after = (
        Expression(source),
        situation(ROWS),
        situation(ROWS, free_ratio=0.0, demotion=True),
    )
    assert expression.lasts == lasts
    lasting = Lasting(before.machine)
    for of in (before, after):
        terms = Terms(of, lasting)
        terms.keep_to(expression.words)
        terms.about(terms.workloads([0])[0])
        alone = Terms(of)
        alone.about(alone.workloads([0])[0])
        assert terms.value(expression) == alone.value(expression)


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
