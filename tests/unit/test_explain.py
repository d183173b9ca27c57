"""``explain`` as a person or a script meets it."""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import reports

from llamas_bpf import cli
from llamas_bpf.config import StoreConfig
from llamas_bpf.contracts.action import Refusal
from llamas_bpf.contracts.decision import Decision
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.store import Store

HOSTILE = "\x1b[2J[red]evil[/]\n:bomb:\u202e"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Three decisions: one with everything, one refused, one to leave things alone."""
    state = tmp_path / "state"
    with Store(state, StoreConfig()) as store:
        run = store.begin_run(reports.MACHINE, "llm,rules", enforce=True)

        digest = reports.digest({"w1": reports.ROW}, names={"w1": HOSTILE}, lost=3)
        hint = reports.hint(reason=f"because {HOSTILE}")
        asked = reports.exchange(prompt=[{"role": "user", "content": f"line one\nname: {HOSTILE}"}])
        first = store.add_hints(1, "llm", [hint], "x1", run)[0]
        here = reports.situation(1, [digest])
        store.record(reports.full_report(first, situation=here, exchange=asked, hint=hint))

        second = store.add_hints(2, "rules", [reports.hint()], None, run)[0]
        decision = Decision(second, reports.hint(), "rules", None)
        refusal = Refusal(hint_id=second, check="capacity", sentence="node0 is full")
        there = reports.situation(2)
        store.record(WindowReport(there, "rules", decisions=(decision,), refusals=(refusal,)))

        leave = reports.hint(None, kind="leave", reason="all is well", expect=None, nodes=None)
        store.add_hints(3, "rules", [leave], None, run)
    return state


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path) -> Run:
    def explain(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["llamas-bpf", "explain", "--state", str(state), *words])
        monkeypatch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, out, err

    return explain


def assert_harmless(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(len, text.split("\n"))) <= 80


def test_the_table_has_the_newest_first(run: Run) -> None:
    status, out, _ = run()
    assert status == 0
    assert_harmless(out)
    rows = [line.split() for line in out.splitlines() if line[:1].isdigit()]
    assert [row[0] for row in rows] == ["3", "2", "1"]
    for words in ("nothing to do", "refused: capacity", "helped, put back", "place_memory", "machine"):
        assert words in " ".join(out.split()), out
    assert run("--limit", "1")[1].count("rules") == 1


def test_one_decision_from_events_to_outcome(run: Run) -> None:
    status, out, _ = run("1")
    assert status == 0
    assert_harmless(out)
    words = " ".join(out.split())
    for part in (
        "Decision 1: helped, put back",
        "faults.minor 120",
        "memory.fast_tier_ratio 66.7 %",
        "nodes.0.free_bytes 1 GiB",
        "events lost: 3 faults",
        "model tiny: ok in 40 ms, 900 + 60 tokens",
        "line one",
        '{"hints": []}',
        r"because \x1b[2J[red]evil[/]\n:bomb:\u202e",
        "nodes node0",
        "hoping for: memory.fast_tier_ratio up",
        "by llm, confidence 90%, for 300 s",
        "1.1 /llamas/hot cpuset.mems = 0: accepted",
        "refused: node0 is full (capacity)",
        "1.1 /llamas/hot cpuset.mems 0,2 -> 0 applied",
        "1.2 affinity of pid 101",
        "helped: memory.fast_tier_ratio rose, as hoped",
        "memory.fast_tier_ratio 30 % 95 % 1 %",
        "-> 0,2 (it harmed)",
        '{"kind":"place_memory","nodes":["node0"]} helped where the features are in buckets like'
        " page faults 2, wake-ups 0, waits for a CPU 3, memory on the fastest tier 2, CPU time 0",
    ):
        assert part in words, f"{part}\n{out}"


def test_advice_is_for_the_operator_and_no_refusal(run: Run, state: Path) -> None:
    with Store(state, StoreConfig()) as store:
        (number,) = store.add_hints(4, "rules", [reports.hint()], None, 1)
        decision = Decision(number, reports.hint(), "rules", None)
        refusal = Refusal(hint_id=number, check="advice", sentence="start it anew on gpu0")
        there = reports.situation(4)
        store.record(WindowReport(there, "rules", decisions=(decision,), refusals=(refusal,)))
    _, out, _ = run("4")
    assert "Decision 4: for the operator" in out
    assert "For the operator\n  start it anew on gpu0\n" in out
    assert "Refused" not in out


def test_an_action_names_its_decision(run: Run) -> None:
    assert run("1.2")[1] == run("1")[1]


def test_json_is_for_programs(run: Run) -> None:
    status, out, err = run("--json", "1")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["seen"]["workload"]["name"] == HOSTILE
    assert found["exchange"]["answer"] == '{"hints": []}'
    assert out.isascii()
    assert "\x1b" not in out
    assert [row["id"] for row in json.loads(run("--json")[1])] == [3, 2, 1]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("7", "the last one is 3"),
        ("11", "did you mean 1? the last one is 3"),
        ("-1", "No such option"),
        ("abc", "the last one is 3"),
        ("\x1b[2J", "the last one is 3"),
        ("9" * 30, "the last one is 3"),
        ("²", "the last one is 3"),
    ],
)
def test_an_unknown_id_names_the_nearest_and_the_last(run: Run, word: str, said: str) -> None:
    status, out, err = run(word)
    assert (status, out) == (2, "")
    assert said in err
    assert "\x1b" not in err


def test_nothing_kept_yet(run: Run, tmp_path: Path) -> None:
    status, _, err = run("--state", str(tmp_path / "nowhere"))
    assert status == 1
    assert "run llamas-bpf run first" in err
    with Store(tmp_path / "empty", StoreConfig()):
        pass
    status, out, _ = run("--state", str(tmp_path / "empty"))
    assert (status, " ".join(out.split())) == (0, f"no decisions in {tmp_path / 'empty'} yet")
    assert run("--state", str(tmp_path / "empty"), "1")[0] == 2
    assert run("--state", str(tmp_path / "empty"), "--json")[1] == "[]\n"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET hint = '{\"kind\"'",
        "UPDATE decisions SET hint = '[]'",
        f"UPDATE decisions SET hint = '{'[' * 100_000}'",
        "UPDATE steps SET body = '{'",
    ],
)
def test_damaged_rows_are_told_as_damage(run: Run, state: Path, statement: str) -> None:
    with closing(sqlite3.connect(state / "store.db")) as db:
        db.execute(statement)
        db.commit()
    for words in ((), ("1",)):
        status, _, err = run(*words)
        assert status == 1
        assert "store.db is damaged: put it aside" in err
