"""A recurring workload over hundreds of windows: the model is asked less and less, until nothing helps."""

from pathlib import Path

import pytest
from recurring import Model, Program, phases, town

from llamas_bpf import advise
from llamas_bpf.advise.experience import ExperienceAdvisor
from llamas_bpf.config import Config
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller import past
from llamas_bpf.learn import Lessons
from llamas_bpf.metrics import Metrics

AB = (("A", 40), ("B", 30))


def test_what_was_learnt_outlives_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the store keeps it."""
    with town(tmp_path / "first", monkeypatch, ExperienceAdvisor(), Model()) as there:
        there.go(Program(), phases(("A", 1)), 30)
        lessons = Lessons()
        lessons.learn_all(there.store.outcomes())
    monkeypatch.undo()
    model = Model()
    with town(tmp_path / "second", monkeypatch, ExperienceAdvisor(), model, lessons=lessons) as there:
        reports = there.go(Program(id="w4"), phases(("A", 1)), 30)
    assert model.asked_in == []
    assert by_advisor(reports, "experience") == 1


def test_its_hints_are_counted_as_its_own_and_passing_on_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, model = Metrics(), Model()
    with town(tmp_path, monkeypatch, ExperienceAdvisor(), model) as there:
        reports = there.go(Program(), phases(*AB), 200)
    for report in reports:
        metrics.observe(report)
    for advisor in ("llm", "experience"):
        labels = {"advisor": advisor, "kind": "weigh_cpu"}
        given = by_advisor(reports, advisor)
        assert metrics.registry.get_sample_value("llamas_bpf_hints_total", labels) == given > 0
    assert [report.degradations for report in reports] == [()] * 200


def test_a_model_that_does_not_answer_is_still_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Model):
        why = "timeout: no answer yet"

        def advise(self, situation: Situation) -> Advice | None:  # type: ignore[override]
            return None

    (rules,) = advise.build("rules", Config())
    with town(tmp_path, monkeypatch, ExperienceAdvisor(), Silent(), rules) as there:
        report = there.go(Program(), phases(*AB), 10)[-1]
    assert report.degradations == ("llm gives no answer (timeout: no answer yet): rules answers",)


def by_advisor(reports: list[WindowReport], advisor: str) -> int:
    return sum(decision.advisor == advisor for report in reports for decision in report.decisions)


def test_the_model_is_asked_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, going = Model(), phases(*AB)
    asked, given = [], []
    with town(tmp_path, monkeypatch, ExperienceAdvisor(), model) as there:
        for _ in range(5):
            before = len(model.asked_in)
            reports = there.go(Program(), going, 100)
            asked.append(len(model.asked_in) - before)
            given.append(by_advisor(reports, "experience"))
        verdicts = [outcome.verdict for report in there.reports for outcome in report.outcomes]
        assert model.observed == 500
        assert all(not report.degradations for report in there.reports)
    with capsys.disabled():
        print(f"\nmodel calls per 100 windows: {asked}; hints from experience: {given}")
    assert asked[0] >= 2
    assert asked[2:] == [0, 0, 0]
    assert min(given[1:]) >= 1
    assert "harmed" not in verdicts
    assert verdicts.count("helped") >= 5


@pytest.mark.parametrize("then_ms", [8.0, 30.0])  # it comes to nothing; it does harm
def test_it_is_asked_again_when_its_hint_stops_helping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then_ms: float
) -> None:
    model, going = Model(), phases(*AB)
    with town(tmp_path, monkeypatch, ExperienceAdvisor(), model) as there:
        there.go(Program(), going, 280)
        known = there.go(Program(), going, 70)
        assert by_advisor(known, "experience") >= 1
        model.gives_weight = False
        before = len(model.asked_in)
        there.go(Program(with_weight_ms=then_ms), going, 280)
        assert len(model.asked_in) > before
        (lesson,) = [one for one in there.reports[-1].situation.lessons if one.helped]
        assert not lesson.proven
        # It saw nothing to do, and is not asked about that again; nor is the hint given again.
        before = len(model.asked_in)
        after = there.go(Program(with_weight_ms=then_ms), going, 140)
        assert len(model.asked_in) == before
        assert by_advisor(after, "experience") == 0


def test_it_is_asked_again_after_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the windows' own time; a minute here."""
    assert past.LEFT_ALONE_S == 3600
    monkeypatch.setattr(past, "LEFT_ALONE_S", 60)
    model, going = Model(), phases(("B", 1))
    with town(tmp_path, monkeypatch, ExperienceAdvisor(), model) as there:
        there.go(Program(), going, 200)
    assert len(model.asked_in) == 4


def test_another_run_another_pid_another_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workload comes again, as another process that the controller calls otherwise, on more data."""
    model, going = Model(), phases(*AB)
    with town(tmp_path, monkeypatch, ExperienceAdvisor(), model) as there:
        there.go(Program(), going, 350)
        before = len(model.asked_in)
        reports = there.go(Program(id="w7", pid=4711, size=400 << 20), phases(*AB), 70)
        assert len(model.asked_in) == before
    hints = [decision.hint for report in reports for decision in report.decisions]
    assert {hint.model_dump()["workload"] for hint in hints} == {"w7"}
    assert hints[0].reason.startswith("helped ")
    assert hints[0].reason.endswith("): it wakes often and waits for a CPU")
