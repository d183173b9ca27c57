"""What ``run`` prints, when every text that it did not choose itself is hostile."""

import json

import pytest
import reports

from llamas_bpf.cli._screen import Screen
from llamas_bpf.contracts.action import Applied, CgroupKnob, Refusal
from llamas_bpf.contracts.decision import Decision, Restored
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.shown import plain

HOSTILE = "\x1b]0;owned\x07\x1b[2J[red]evil[/]\r\nb\u202egnp\x9b31m"
SHOWN = plain(HOSTILE)


def applied(status: str) -> Applied:
    one = reports.applied(1, 1, status)
    knob = CgroupKnob(cgroup=f"/{HOSTILE}", cgroup_id=1, knob="cpu.weight")
    action = one.action.model_copy(update={"target": knob})
    return one.model_copy(update={"action": action, "old": HOSTILE, "new": HOSTILE, "detail": HOSTILE})


@pytest.fixture
def report() -> WindowReport:
    seen = reports.digest({"w1": reports.ROW}, names={"w1": HOSTILE[:30]})
    return WindowReport(
        situation=reports.situation(1, [seen]),
        advisor="llm",
        decisions=(
            Decision(1, reports.hint(reason=HOSTILE), "llm", None),
            Decision(2, reports.hint(None, kind="leave", expect=None, nodes=None), "rules", None),
        ),
        refusals=(Refusal(hint_id=1, check="capacity", sentence=HOSTILE),),
        applied=(applied("applied"), applied("failed"), applied("dry_run")),
        restored=(
            Restored("1.1", HOSTILE, HOSTILE, HOSTILE),
            Restored("1.2", HOSTILE, None, HOSTILE, skipped=HOSTILE),
        ),
        outcomes=(
            reports.outcome("1.1", "harmed").model_copy(update={"reason": HOSTILE, "undone": True}),
            reports.outcome("1.2"),
        ),
        degradations=(HOSTILE,),
    )


def assert_harmless(text: str) -> None:
    assert text.endswith("\n")
    assert [line for line in text.removesuffix("\n").split("\n") if not line.isprintable()] == []


def test_every_text_is_shown_and_none_is_obeyed(
    report: WindowReport, capsys: pytest.CaptureFixture[str]
) -> None:
    with Screen(as_json=False) as screen:
        screen.window(report)
        screen.say(HOSTILE)
    out, err = capsys.readouterr()
    assert_harmless(out)
    assert_harmless(err)
    lines = [line.strip() for line in out.splitlines()]
    change = f"/{SHOWN} cpu.weight: {plain(repr(HOSTILE))} -> {plain(repr(HOSTILE))}"
    assert lines[0].endswith(f"#1 w1 {plain(HOSTILE[:30])}: place_memory (llm, 90%)")
    assert lines[1:] == [
        f"because {SHOWN}",
        f"refused: {SHOWN}",
        f"applied: {change}: {SHOWN}",
        f"failed: {change}: {SHOWN}",
        f"dry run: {change}: {SHOWN}",
        lines[6],
        "because its hot set is in the slow tier",
        f"1.1 harmed, undone: {SHOWN}",
        "1.2 helped: memory.fast_tier_ratio rose, as hoped",
        f"1.1 {SHOWN}: back to {plain(repr(HOSTILE))} ({SHOWN})",
        f"1.2 {SHOWN}: left alone: {SHOWN} ({SHOWN})",
    ]
    assert lines[6].endswith("#2 machine: leave (rules, 90%)")
    # Several lines stay several, each a harmless one.
    block = "\n".join(
        f"{start}{plain(line)}" for start, line in zip(("llamas-bpf: ", ""), HOSTILE.split("\n"), strict=True)
    )
    assert err == f"{block}\n{block}\n"


def test_a_degradation_is_said_once(report: WindowReport, capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(as_json=True) as screen:
        screen.window(report)
        screen.window(report)
    assert capsys.readouterr().err.count("owned") == 1


def test_json_is_one_plain_line_with_all_of_it(
    report: WindowReport, capsys: pytest.CaptureFixture[str]
) -> None:
    with Screen(as_json=True) as screen:
        screen.window(report)
    out = capsys.readouterr().out
    assert_harmless(out)
    assert out.isascii()
    assert out.count("\n") == 1
    found = json.loads(out)
    assert found["decisions"][0]["name"] == HOSTILE[:30]
    assert found["decisions"][0]["hint"]["reason"] == HOSTILE
    assert [entry["detail"] for entry in found["applied"]] == [HOSTILE] * 3
    assert found["refusals"][0]["sentence"] == HOSTILE
    assert found["restored"][1]["skipped"] == HOSTILE
    assert found["outcomes"][0]["reason"] == HOSTILE
    assert found["degradations"] == [HOSTILE]
    assert found["workloads"][0]["name"] == HOSTILE[:30]
