"""What the guard makes of earlier windows: too soon, too often, on trial, in vain, harmful before."""

import time
from dataclasses import replace
from typing import Any

import pytest
from guarding import held, knob, living, started, window
from hypothesis import given
from hypothesis import strategies as st
from situations import situation

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import Action
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.situation import Situation, Touched
from llamas_bpf.guard import Guard, Limits

GIST = '{"kind":"weigh_cpu","weight":200}'
WEIGHT = knob("cpu.weight", "200")
S = 10**9


def said(*actions: Action, where: Situation, **rates: Any) -> list[tuple[str, str] | None]:
    """Of each action, the check that refuses it and the sentence; None where it may be taken."""
    guard = Guard(Limits.model_validate({"rates": rates}))
    hints = {one.hint_id for one in actions}
    _, refused = guard.check(actions, where, dict.fromkeys(hints, 1.0), dict.fromkeys(hints, GIST))
    found = {id(one.action): (one.check, one.sentence) for one in refused}
    return [found.get(id(one)) for one in actions]


def after(*ago_s: float, harmed: bool = False, name: Any = "cpu.weight") -> Situation:
    """A window 100 s on, with changes of w1 so many seconds before its end."""
    where = window(number=100)
    target = knob(name, "1").target
    end_ns = where.digest.end_ns
    touched = tuple(Touched("w1", target, end_ns - int(s * S), harmed) for s in sorted(ago_s, reverse=True))
    return replace(where, touched=touched)


def test_a_knob_rests_after_a_change_and_longer_after_harm() -> None:
    assert said(WEIGHT, where=after(5), cooldown_s=30) == [
        ("cooldown", "cpu.weight of hot (w1) was changed 5 s ago, and is left alone for 30 s")
    ]
    assert said(WEIGHT, where=after(31), cooldown_s=30) == [None]
    assert said(knob("memory.high", str(90 << 20)), where=after(5), cooldown_s=30) == [None]
    assert said(WEIGHT, where=after(31, harmed=True), cooldown_s=30) == [
        ("cooldown", "cpu.weight of hot (w1) did harm 31 s ago, and is left alone for 600 s")
    ]


def test_what_goes_on_is_no_change() -> None:
    where = replace(after(5), in_force=(held(WEIGHT),), on_trial=frozenset({"w1"}))
    assert said(WEIGHT, where=where, actions_per_minute=0) == [None]
    check, _ = said(knob("cpu.weight", "150"), where=where)[0] or ("", "")
    assert check == "trial"


def test_so_many_changes_a_minute_and_a_decision_is_not_cut_in_two() -> None:
    rows = [started("w1"), started("w2")]
    where = living(situation(rows, number=100))
    where = replace(where, touched=(Touched(None, WEIGHT.target, where.digest.end_ns - 59 * S),) * 2)
    first, second = knob("cpu.weight", "200"), knob("memory.high", str(90 << 20))
    assert said(first, second, where=where, actions_per_minute=4) == [None, None]
    words = "2 settings were changed within a minute and this decision has 2, and limits.toml allows 3"
    refused = said(first, second, where=where, actions_per_minute=3)
    assert refused == [("rate", f"{words} (actions_per_minute)")] * 2
    assert said(first, where=where, actions_per_minute=0) == [
        ("rate", "limits.toml allows no changes (actions_per_minute in [rates] is 0)")
    ]
    later = replace(where, touched=tuple(replace(one, at_ns=one.at_ns - 2 * S) for one in where.touched))
    assert said(first, where=later, actions_per_minute=1) == [None]


def test_one_unjudged_decision_about_a_workload() -> None:
    where = replace(window(), on_trial=frozenset({"w1"}))
    assert said(WEIGHT, where=where) == [
        ("trial", "an earlier decision about hot (w1) is not judged yet: try again when it is")
    ]
    assert said(WEIGHT, where=replace(window(), on_trial=frozenset({"w2", None}))) == [None]


def test_of_two_decisions_in_one_window_the_first_is_taken() -> None:
    other = knob("memory.high", str(90 << 20), id_="2.1")
    assert said(WEIGHT, other, where=window()) == [
        None,
        ("trial", "decision 1 of this window is about hot (w1) too, and is to be judged first"),
    ]


def taught(shift: int = 0, ago_s: float = 5, gist: str = GIST, neutral: int = 0, **counts: Any) -> Situation:
    """A window in which a lesson is known of a situation whose features lie ``shift`` buckets off."""
    where = window()
    here = fingerprint.of(where, "w1")
    assert here is not None
    there = tuple(place + shift for place in here)
    at_s = time.time() - ago_s
    lesson = Lesson(situation=there, gist=gist, harmed_at_s=at_s, neutral_at_s=(at_s,) * neutral, **counts)
    return replace(where, lessons=(lesson,))


def test_what_came_to_nothing_twice_is_not_tried_again_there() -> None:
    assert said(WEIGHT, where=taught(neutral=1)) == [None]
    assert said(WEIGHT, where=taught(neutral=2), fruitless_s=60) == [
        ("fruitless", "in a situation like this it changed nothing 2 times, and is not tried again for 60 s")
    ]
    assert said(WEIGHT, where=taught(neutral=2, helped=1)) == [None]


@pytest.mark.parametrize(("shift", "free"), [(0, False), (1, False), (-1, False), (2, True)])
def test_a_like_situation_is_one_with_no_feature_further_off_than_the_next_bucket(
    shift: int, free: bool
) -> None:
    assert (said(WEIGHT, where=taught(shift, neutral=2)) == [None]) == free


def test_lessons_are_about_one_hint_and_end() -> None:
    assert said(WEIGHT, where=taught(neutral=2, gist="{}")) == [None]
    assert said(WEIGHT, where=taught(neutral=2, ago_s=61), fruitless_s=60) == [None]
    assert said(WEIGHT, where=taught(harmed=1, ago_s=61), harmed_cooldown_s=60) == [None]
    put_back = taught(harmed=1, neutral=2, ago_s=-1e6)
    assert said(WEIGHT, where=put_back) == [None], "the clock was set back since"


def test_times_of_verdicts_are_told_apart() -> None:
    """Two neutrals of long ago do not count on because of a harm, nor a harm because of a neutral."""
    now_s = time.time()
    lesson = Lesson(situation=(), gist=GIST, neutral_at_s=(now_s - 100, now_s - 5), harmed=1)
    here = fingerprint.of(window(), "w1") or ()
    where = replace(window(), lessons=(lesson.model_copy(update={"situation": here}),))
    assert said(WEIGHT, where=where, fruitless_s=60, harmed_cooldown_s=60) == [None]
    assert said(WEIGHT, where=where, fruitless_s=101)[0] is not None


def test_lessons_are_looked_through_once_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, and however many actions and checks ask for them."""
    asked: list[str | None] = []

    def counted(where: Situation, workload: str | None) -> fingerprint.Buckets | None:
        asked.append(workload)
        return of(where, workload)

    of = fingerprint.of
    monkeypatch.setattr(fingerprint, "of", counted)
    where = taught(shift=5, neutral=2, harmed=1)
    where = replace(where, lessons=where.lessons * 512)
    asked.clear()
    assert said(WEIGHT, knob("cpuset.cpus", "0"), knob("cpuset.mems", "0"), where=where) == [None] * 3
    assert asked == ["w1"]


def test_long_waits_are_written_out() -> None:
    (told,) = said(WEIGHT, where=taught(neutral=2), fruitless_s=3_600_000)
    assert told is not None
    assert told[1].endswith("not tried again for 3600000 s")


@pytest.mark.parametrize(("windows", "free"), [(2, False), (3, True)])
def test_a_newcomer_has_no_before_to_be_judged_by(windows: int, free: bool) -> None:
    where = window(number=10)
    others = replace(where.digest, workloads=())
    where = replace(where, recent=(*[others] * 5, *[where.digest] * windows))
    words = "hot (w1) was there in 2 of the last windows, and is acted on after 3"
    assert said(WEIGHT, where=where) == [None if free else ("newcomer", words)]


def test_what_did_harm_in_a_like_situation_rests_in_the_next_run_too() -> None:
    assert said(WEIGHT, where=taught(harmed=1), harmed_cooldown_s=60) == [
        ("cooldown", "this did harm in a like situation 5 s ago, and is not tried for 60 s")
    ]


@given(st.lists(st.integers(-8, 8), max_size=6), st.lists(st.integers(-8, 8), max_size=6))
def test_likeness_is_mutual(one: list[int], other: list[int]) -> None:
    assert fingerprint.alike(one, one)
    assert fingerprint.alike(one, other) == fingerprint.alike(other, one)
