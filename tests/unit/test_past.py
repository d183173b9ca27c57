"""What the controller remembers of refusals and of harm."""

import reports

from llamas_bpf.contracts.action import CgroupReclaim, Refusal
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.past import OLDER, REFUSED, TOUCHED, Past


def started() -> Past:
    past = Past()
    past.windows.append(reports.digest({"w1": reports.ROW}))
    return past


def now(past: Past) -> Situation:
    return past.situation(1, reports.MACHINE, (), frozenset(), frozenset())


def test_harm_by_a_one_shot_starts_a_cool_down_too() -> None:
    """It is never in force, so it is not found there."""
    past, target = started(), CgroupReclaim(cgroup="/llamas/hot", cgroup_id=1)
    past.add(now(past), Events(applied=(reports.applied(4, target=target, value="4096"),)))
    past.add(now(past), Events(outcomes=(reports.outcome("4.1", "harmed"),)))
    assert [(one.target, one.harmed) for one in now(past).touched] == [(target, False), (target, True)]


def test_harm_is_not_pushed_out_by_changes() -> None:
    past = started()
    past.add(now(past), Events(applied=(reports.applied(4),)))
    past.add(now(past), Events(outcomes=(reports.outcome("4.1", "harmed"),)))
    past.add(now(past), Events(applied=tuple(reports.applied(number) for number in range(5, TOUCHED + 50))))
    assert sum(one.harmed for one in now(past).touched) == 1
    assert len(past._unjudged) <= TOUCHED


def refusal(decision: int, sentence: str = "it is full") -> Refusal:
    return Refusal(hint_id=decision, check="capacity", sentence=sentence, workload="w1")


def test_a_refusal_of_many_processes_does_not_hide_the_others() -> None:
    past = started()
    past.add(
        now(past),
        Events(
            refusals=(
                refusal(1),
                *[refusal(2)] * 100,
                refusal(3),
            )
        ),
    )
    assert [one.hint_id for one in now(past).refusals] == [1, 2, 3]
    past.add(now(past), Events())
    past.add(now(past), Events(refusals=(refusal(4),)))
    assert [one.hint_id for one in now(past).refusals] == [1, 2, 3, 4]


def test_of_refusals_only_so_many_are_kept() -> None:
    past = started()
    for window in range(3):
        past.add(now(past), Events(refusals=tuple(refusal(window * 100 + number) for number in range(100))))
    assert len(now(past).refusals) == OLDER + REFUSED
