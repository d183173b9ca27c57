"""What experience answers, to whom, and what it leaves to the next advisor."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import reports
from hypothesis import given as given_any
from hypothesis import strategies as st
from situations import MIB, Row, digest, hot, machine, stream

from llamas_bpf import advise, fingerprint
from llamas_bpf.advise.experience import ExperienceAdvisor
from llamas_bpf.config import Config
from llamas_bpf.contracts.action import Action, Applied, CgroupKnob, Refusal
from llamas_bpf.contracts.decision import Decision, Events
from llamas_bpf.contracts.hint import HINT, Advice
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.learn import gist

HOT = hot(started_by_exec=True)
WEIGH = {"kind": "weigh_cpu", "workload": "w1", "weight": 200, "reason": "it waits", "confidence": 0.9}


def where(*rows: Row, number: int = 20, windows: int = 12, **more: Any) -> Situation:
    """So many windows of the same."""
    of = machine()
    recent = tuple(digest(rows, of, number - windows + 1 + each) for each in range(windows))
    return Situation(number, recent, of, **more)


def lesson(row: Row = HOT, helped: int = 2, **hint: Any) -> Lesson:
    wanted = HINT.validate_python(WEIGH | hint)
    seen = fingerprint.of(where(row), row.id)
    assert seen is not None
    return Lesson(situation=seen, gist=gist(wanted), helped=helped, hint=wanted)


def answer(situation: Situation, advisor: ExperienceAdvisor | None = None) -> Advice | None:
    """Unfamiliar must last, so a second window is asked about."""
    advisor = advisor or ExperienceAdvisor()
    for _ in range(2):
        advisor.observe(situation)
        advice = advisor.advise(situation)
        if advice is None or advice.hints:
            break
    return advice


def test_what_helped_is_given_again() -> None:
    advice = answer(where(HOT, lessons=(lesson(),)))
    assert advice is not None
    (hint,) = advice.hints
    assert hint.kind == "weigh_cpu"
    assert hint.weight == 200
    assert hint.confidence == 0.75
    assert hint.reason == (
        "helped 2 times in a like situation (page faults 0, wake-ups 1, waits for a CPU 1, memory on the"
        " fastest tier 0, CPU time 0): it waits"
    )
    assert {"w1", "node0", "node2"} <= advice.known_ids


@pytest.mark.parametrize(
    "like",
    [
        replace(HOT, id="w7", name="other"),
        replace(HOT, node_bytes=(0, 0, 900 * MIB)),
        hot(wait_ms=9, started_by_exec=True),
    ],
)
def test_another_id_another_size_and_a_little_noise_match(like: Row) -> None:
    advice = answer(where(like, lessons=(lesson(),)))
    assert advice is not None
    assert [hint.model_dump()["workload"] for hint in advice.hints] == [like.id]


@pytest.mark.parametrize(
    "other", [stream("w1", started_by_exec=True), hot(started_by_exec=True, node_bytes=(100 * MIB, 0, 0))]
)
def test_a_change_of_phase_does_not(other: Row) -> None:
    assert answer(where(other, lessons=(lesson(),))) is None


def test_a_window_of_something_else_is_no_question() -> None:
    advisor = ExperienceAdvisor()
    assert advisor.advise(where(stream(started_by_exec=True), lessons=(lesson(),))) is not None
    assert advisor.advise(where(HOT, lessons=(lesson(),))) is not None
    assert advisor.advise(where(stream(started_by_exec=True), lessons=(lesson(),))) is not None


def test_one_unfamiliar_workload_leaves_all_to_the_next() -> None:
    rows = (HOT, stream(started_by_exec=True))
    advisor = ExperienceAdvisor()
    # The first window goes to the one that is known; by the second the model is asked about both.
    first = advisor.advise(where(*rows, lessons=(lesson(),)))
    assert first is not None
    assert [hint.model_dump()["workload"] for hint in first.hints] == ["w1"]
    assert advisor.advise(where(*rows, lessons=(lesson(),))) is None
    assert answer(where(*rows, lessons=(lesson(),), scope=frozenset({"w1"}))) is not None
    seen = fingerprint.of(where(*rows), "w2")
    assert seen is not None
    assert answer(where(*rows, lessons=(lesson(),), left_alone=frozenset({seen}))) is not None


def test_nobody_in_scope_is_familiar() -> None:
    advice = answer(where(stream()))
    assert advice is not None
    assert advice.hints == []
    assert answer(where(HOT, scope=frozenset())) is not None


def test_who_is_on_trial_is_left_until_it_is_over() -> None:
    advice = answer(where(HOT, lessons=(lesson(),), on_trial=frozenset({"w1"})))
    assert advice is not None
    assert advice.hints == []


def in_force(decision: int = 4) -> Applied:
    target = CgroupKnob(cgroup="/w1", cgroup_id=1, knob="cpu.weight")
    action = Action(
        id=f"{decision}.1", hint_id=decision, workload="w1", target=target, value="200", ttl_s=300
    )
    return Applied(action=action, status="applied", old="100", new="200", at_ns=0)


def test_what_is_in_force_and_helps_is_enough_until_the_situation_changes() -> None:
    advisor = ExperienceAdvisor()
    calm = hot(wait_ms=0.1, started_by_exec=True)
    held: dict[str, Any] = {"in_force": (in_force(),), "proven": frozenset({"4.1"})}
    assert answer(where(calm, **held), advisor) == answer(where(calm, **held), advisor)
    settled = answer(where(calm, **held), advisor)
    assert settled is not None
    assert settled.hints == []
    assert answer(where(stream("w1", started_by_exec=True), **held), advisor) is None


def test_in_force_already_is_not_given_again() -> None:
    advisor = ExperienceAdvisor()
    hint = HINT.validate_python(WEIGH)
    advisor.observe(where(HOT, last=Events(decisions=(Decision(4, hint, "llm", "x"),))))
    advice = answer(where(HOT, lessons=(lesson(),), in_force=(in_force(),)), advisor)
    assert advice is not None
    assert advice.hints == []


def test_a_phase_that_has_only_begun_is_waited_for() -> None:
    """Else the verdict would compare it with the phase before."""
    begun = where(HOT, lessons=(lesson(),))
    before = tuple(digest((stream("w1", started_by_exec=True),), machine(), each) for each in range(8))
    advice = answer(replace(begun, recent=(*before, *begun.recent[:4])))
    assert advice is not None
    assert advice.hints == []
    new = answer(replace(begun, recent=begun.recent[:5]))  # a run that has only begun
    assert new is not None
    assert len(new.hints) == 1


@pytest.mark.parametrize(
    "hint",
    [
        {"kind": "place_memory", "nodes": ["node7"], "weight": None},
        {"kind": "place_device", "device": "gpu0", "weight": None},
        {"kind": "place_cpu", "cpus": [64], "weight": None},
    ],
)
def test_what_this_machine_has_not_is_not_hinted(hint: dict[str, Any]) -> None:
    wanted = {key: value for key, value in (WEIGH | hint).items() if value is not None}
    known = lesson().model_copy(update={"hint": HINT.validate_python(wanted)})
    assert answer(where(HOT, lessons=(known,))) is None


def test_of_the_whole_machine() -> None:
    tune = HINT.validate_python({"kind": "tune_tiering", "demotion": True, "reason": "r", "confidence": 0.6})
    seen = fingerprint.of(where(HOT), None)
    assert seen is not None
    known = Lesson(situation=seen, gist=gist(tune), helped=1, hint=tune)
    advice = answer(where(stream(), lessons=(known,)))
    assert advice is not None
    assert [(hint.kind, hint.confidence) for hint in advice.hints] == [("tune_tiering", 0.667)]
    assert "busy CPUs" in advice.hints[0].reason


def given(advisor: ExperienceAdvisor, number: int, **more: Any) -> Advice | None:
    situation = where(HOT, number=number, lessons=(lesson(),), **more)
    advisor.observe(situation)
    return advisor.advise(situation)


def refused(advice: Advice | None, check: str) -> Events:
    assert advice is not None
    (hint,) = advice.hints
    decision = Decision(9, hint, "experience", None)
    return Events(decisions=(decision,), refusals=(Refusal(hint_id=9, check=check, sentence="no"),))


def test_what_is_refused_for_now_is_tried_again_later() -> None:
    advisor = ExperienceAdvisor()
    last = refused(given(advisor, 20), "cooldown")
    waiting = [given(advisor, 21, last=last), *(given(advisor, number) for number in range(22, 50))]
    assert [advice and advice.hints for advice in waiting] == [[]] * 29
    again = given(advisor, 50)
    assert again is not None
    assert len(again.hints) == 1


def test_what_is_refused_for_good_is_left_to_the_next() -> None:
    advisor = ExperienceAdvisor()
    last = refused(given(advisor, 20), "capacity")
    assert given(advisor, 21, last=last) is not None
    assert given(advisor, 22) is None


def test_in_a_dry_run_it_is_said_once_in_its_time() -> None:
    advisor = ExperienceAdvisor()
    first = given(advisor, 20)
    assert first is not None
    done = in_force(9).model_copy(update={"status": "dry_run"})
    last = Events(decisions=refused(first, "").decisions, applied=(done,))
    later = [given(advisor, 21, last=last), *(given(advisor, number) for number in range(22, 320))]
    assert [advice and advice.hints for advice in later] == [[]] * 299
    again = given(advisor, 320)
    assert again is not None
    assert len(again.hints) == 1


def test_reasons_do_not_pile_up_and_stay_short() -> None:
    advice = answer(where(HOT, lessons=(lesson(),)))
    assert advice is not None
    again = answer(where(HOT, lessons=(lesson(helped=3, reason=advice.hints[0].reason),)))
    assert again is not None
    assert again.hints[0].reason.count("helped") == 1
    long = answer(where(HOT, lessons=(lesson(reason="x" * 400),)))
    assert long is not None
    assert len(long.hints[0].reason) == 400
    HINT.validate_python(long.hints[0].model_dump())


def after(verdicts: Sequence[str], hint: dict[str, Any] | None = None) -> Lesson:
    found = Lesson(situation=(1,), gist="g")
    for number, verdict in enumerate(verdicts):
        outcome = reports.outcome("4.1", verdict)
        wanted = HINT.validate_python(WEIGH | {"ttl_s": 100 + number})
        found = found.after(outcome.model_copy(update={"hint": wanted}), float(number))
    return found


@pytest.mark.parametrize(
    ("verdicts", "proven"),
    [
        ("", False),
        ("+", True),
        ("+0", True),
        ("+00", False),
        ("+00+", True),
        ("+-", False),
        ("-+", False),
        ("-++", True),
        ("++-", False),
        ("++-+", True),
        ("00", False),
    ],
)
def test_proven_while_it_goes_on_helping(verdicts: str, proven: bool) -> None:
    words = {"+": "helped", "0": "neutral", "-": "harmed"}
    found = after([words[each] for each in verdicts])
    assert found.proven == proven
    if verdicts.endswith("+"):
        assert found.hint is not None
        assert found.hint.ttl_s == 100 + len(verdicts) - 1


def test_what_was_stored_before_there_were_hints_still_reads() -> None:
    old = reports.outcome("4.1").model_dump(exclude={"hint"})
    outcome = Outcome.model_validate(old)
    found = Lesson(situation=outcome.situation, gist=outcome.gist).after(outcome, 1.0)
    assert (found.helped, found.hint, found.proven) == (1, None, False)


def test_it_is_first_where_a_model_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    assert [each.name for each in advise.build("experience,rules", Config())] == ["experience", "rules"]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert advise.default_order(Config()) == "experience,llm,rules"


def test_many_at_once_are_as_one_by_one() -> None:
    rows = [HOT, stream(started_by_exec=True), replace(HOT, id="w3", columns={}, node_bytes=())]
    there = where(*rows)
    found = fingerprint.of_many(there, ["w1", "w3", "w2", "w9"])
    assert found == {each.id: fingerprint.of(there, each.id) for each in rows}


@given_any(st.lists(st.lists(st.integers(-3, 9), max_size=5)), st.lists(st.integers(-3, 9), max_size=5))
def test_like_ones_are_found_at_once(known: list[list[int]], here: list[int]) -> None:
    one_by_one = [number for number, one in enumerate(known) if fingerprint.alike(one, here)]
    assert fingerprint.Places(known).like(here) == one_by_one
