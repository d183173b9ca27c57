"""What the controller remembers of refusals and of harm."""

import reports

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import CgroupReclaim, Refusal
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.hint import HINT, Advice, Hint
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.past import LEFT_ALONE, LEFT_ALONE_S, OLDER, REFUSED, TOUCHED, Past


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


def answered(past: Past, number: int, *hints: Hint, status: str = "ok", asked: int | None = None) -> None:
    """A model's answer about w1 and w2, in a window of this number."""
    there = past.situation(number, reports.MACHINE, (), frozenset({"w1", "w2"}), frozenset())
    exchange = reports.exchange(id=f"x{number}", window=asked or number, status=status)
    ids = frozenset({"w1", "w2", "w3"})
    past.add_answer(
        there, Advice(advisor="llm", hints=[*hints], known_ids=ids, exchange_id=exchange.id), [exchange]
    )


def quiet_and_busy(past: Past) -> None:
    past.windows.append(reports.digest({"w1": reports.ROW, "w2": {"sched.wakeups": 9000}, "w3": {}}))


def left_alone(past: Past) -> frozenset[tuple[int, ...]]:
    return past.situation(9, reports.MACHINE, (), frozenset({"w1", "w2"}), frozenset()).left_alone


def test_who_got_no_hint_of_a_model_is_left_alone() -> None:
    past = started()
    quiet_and_busy(past)
    here = past.situation(2, reports.MACHINE, (), frozenset({"w1", "w2"}), frozenset())
    answered(past, 2, reports.hint("w1"))
    assert left_alone(past) == {fingerprint.of(here, "w2")}
    answered(past, 3, HINT.validate_python({"kind": "leave", "reason": "fine", "confidence": 1}))
    assert left_alone(past) == {fingerprint.of(here, "w1"), fingerprint.of(here, "w2")}


def test_it_is_the_window_that_was_asked_about() -> None:
    past = started()
    quiet_and_busy(past)
    then = past.situation(2, reports.MACHINE, (), frozenset({"w2"}), frozenset())
    past.windows.append(reports.digest({"w1": reports.ROW, "w2": {"sched.wakeups": 1}}))
    answered(past, 3, reports.hint("w1"), asked=2)
    assert left_alone(past) == {fingerprint.of(then, "w2")}


def test_an_answer_that_was_no_good_leaves_nobody_alone() -> None:
    past = started()
    quiet_and_busy(past)
    answered(past, 2, status="unknown_id")
    there = past.situation(2, reports.MACHINE, (), frozenset({"w1"}), frozenset())
    past.add_answer(there, Advice(advisor="rules", hints=[], known_ids=frozenset({"w1"})), [])
    past.add_answer(there, None, [])
    assert left_alone(past) == frozenset()


def test_of_those_left_alone_only_so_many_are_kept_and_for_so_long() -> None:
    past = Past()
    for number in range(LEFT_ALONE + 50):
        row = {"sched.run_ns": 2.0 ** (number % 40) * 1e6, "faults.minor": 2.0 ** (number // 40) * 256}
        past.windows.append(reports.digest({"w1": row | {"sched.wakeups": 2.0**number}, "w2": {}}))
        answered(past, number + 1)
    assert 100 < len(left_alone(past)) <= LEFT_ALONE
    past.windows.append(reports.digest({"w1": {}}, window=LEFT_ALONE_S + 2))
    assert left_alone(past) == frozenset()
