"""What outcomes teach, what is kept of it, and that the next run knows it."""

from pathlib import Path
from typing import Any

import pytest
import reports

from llamas_bpf.config import StoreConfig
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.hint import HINT
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.controller.past import TOUCHED, Past
from llamas_bpf.learn import Lessons, gist
from llamas_bpf.learn.lessons import MOST
from llamas_bpf.store import Store


def outcome(action: str, verdict: str, **more: Any) -> Outcome:
    about = {"situation": (1, 2), "gist": "g"} | more
    return reports.outcome(action, verdict).model_copy(update=about)


def test_a_decision_is_one_lesson_however_many_actions_it_had() -> None:
    lessons = Lessons()
    for one in ("4.1", "4.2", "5.1"):
        lessons.learn(outcome(one, "neutral"), at_s=7)
    lessons.learn(outcome("6.1", "harmed"), at_s=9)
    lessons.learn(outcome("7.1", "helped", situation=(1, 3)), at_s=8)
    (first, second) = lessons.known()
    assert (first.neutral_at_s, first.harmed, first.helped, first.harmed_at_s) == ((7, 7), 1, 0, 9)
    assert (second.situation, second.helped) == ((1, 3), 1)


def test_the_oldest_lessons_are_forgotten() -> None:
    lessons = Lessons()
    for number in range(MOST + 10):
        lessons.learn(outcome(f"{number}.1", "helped", situation=(number,)), at_s=number)
    assert len(lessons.known()) == MOST
    assert lessons.known()[0].situation == (10,)


def hint(**fields: Any) -> str:
    return gist(HINT.validate_python({"reason": "r", "confidence": 0.5, "workload": "w1"} | fields))


def test_the_gist_is_what_a_hint_wants() -> None:
    one = hint(kind="place_cpu", cpus=[1])
    assert one == '{"cpus":[1],"kind":"place_cpu"}'
    assert hint(kind="place_cpu", cpus=[1], workload="w7", reason="x", ttl_s=9, confidence=1) == one
    assert hint(kind="place_cpu", cpus=[0]) != one
    assert hint(kind="cap_memory", limit_bytes=1000) == hint(kind="cap_memory", limit_bytes=900)
    assert hint(kind="cap_memory", limit_bytes=1000) != hint(kind="cap_memory", limit_bytes=2000)
    assert hint(kind="cap_memory", swap_bytes=0) == '{"kind":"cap_memory","swap_bytes":0}'


def test_lessons_outlive_a_run(tmp_path: Path) -> None:
    with Store(tmp_path, StoreConfig()) as store:
        run = store.begin_run(reports.MACHINE, "rules", enforce=True)
        for number in (1, 2):
            decision = store.add_hints(number, "rules", [reports.hint()], None, run)[0]
            judged = outcome(f"{decision}.1", "neutral")
            store.record(WindowReport(reports.situation(number), "rules", outcomes=(judged,)))
    with Store(tmp_path, StoreConfig()) as store:
        lessons = Lessons()
        lessons.learn_all(store.outcomes())
    (lesson,) = lessons.known()
    assert (lesson.situation, lesson.gist, lesson.harmed) == ((1, 2), "g", 0)
    assert [at_s > 0 for at_s in lesson.neutral_at_s] == [True, True]


def test_outcomes_of_before_there_were_lessons_teach_nothing() -> None:
    lessons = Lessons()
    lessons.learn(outcome("1.1", "harmed", situation=(), gist=""))
    assert lessons.known() == ()


@pytest.mark.parametrize("verdict", ["helped", "neutral", "harmed"])
def test_what_a_window_was_told_comes_down_the_street_again(verdict: str) -> None:
    past, entry = Past(), reports.applied(4)
    past.windows.append(reports.digest({"w1": reports.ROW}))

    def next_situation() -> Any:
        return past.situation(2, reports.MACHINE, (entry,), frozenset(), frozenset({"w1"}))

    past.add(
        next_situation(),
        Events(
            applied=(
                entry,
                reports.applied(5, status="failed"),
            )
        ),
    )
    assert [(one.workload, one.harmed) for one in next_situation().touched] == [("w1", False)]
    past.add(next_situation(), Events(outcomes=(outcome("4.1", verdict),)))
    then = next_situation()
    assert then.on_trial == {"w1"}
    assert then.proven == ({"4.1"} if verdict == "helped" else frozenset())
    assert [one.harmed for one in then.touched] == [False] + [True] * (verdict == "harmed")
    assert [lesson.situation for lesson in then.lessons] == [(1, 2)]
    gone = past.situation(3, reports.MACHINE, (), frozenset(), frozenset())
    assert gone.proven == frozenset()


def test_the_past_is_bounded() -> None:
    past = Past()
    past.windows.append(reports.digest({"w1": reports.ROW}))
    where = past.situation(1, reports.MACHINE, (), frozenset(), frozenset())
    past.add(where, Events(applied=tuple(reports.applied(number) for number in range(TOUCHED + 50))))
    assert len(past.situation(2, reports.MACHINE, (), frozenset(), frozenset()).touched) == TOUCHED


def test_what_was_not_measured_teaches_nothing() -> None:
    """Nothing was promised, or there were too few windows: that is no failure."""
    lessons = Lessons()
    for decision in (1, 2):
        lessons.learn(outcome(f"{decision}.1", "neutral", expected=None))
    assert lessons.known() == ()


def test_the_same_in_another_order_and_a_little_more_are_the_same_hint() -> None:
    assert hint(kind="place_cpu", cpus=[1, 0]) == hint(kind="place_cpu", cpus=[0, 1])
    one, other = ({"node": "node0", "weight": 2}, {"node": "node1", "weight": 3})
    assert weights(one, other) == weights(other, one)
    rates = [
        gist(HINT.validate_python(MACHINE_WIDE | {"promotion_bytes_per_s": rate}))
        for rate in (3 << 20, 1 << 21)
    ]
    assert rates[0] == rates[1]


MACHINE_WIDE = {"kind": "tune_tiering", "reason": "r", "confidence": 0.5}


def weights(*given: dict[str, Any]) -> str:
    return gist(HINT.validate_python(MACHINE_WIDE | {"interleave_weights": list(given)}))
