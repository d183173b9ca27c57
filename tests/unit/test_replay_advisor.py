"""Recorded answers given again: read anew, about whoever is here now, and nobody else."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import reports
from situations import Row, hot, situation

from llamas_bpf import advise
from llamas_bpf.advise.replay import ReplayAdvisor, create
from llamas_bpf.as_json import row_json
from llamas_bpf.config import Config
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.errors import ConfigError
from llamas_bpf.recording import MOST_LINE_BYTES

HOT = hot(started_by_exec=True)
PLACE = {
    "kind": "place_memory",
    "workload": "w1",
    "nodes": ["node0"],
    "reason": "it is hot",
    "confidence": 0.8,
}
RUN = {"kind": "run", "run": 1, "at_s": 0, "machine": reports.MACHINE.model_dump(mode="json")}


def exchange(*hints: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Asked in window 3, of run 1, about w1 and three nodes."""
    about = {"id": "x3", "window": 3, "known_ids": ("w1", "w2", "node0", "node1", "node2")}
    whole = reports.exchange(answer=json.dumps({"hints": hints}), **about | changed)
    return {"kind": "exchange", "run": 1, "at_s": 3, **whole.model_dump(mode="json")}


def decision(hint: dict[str, Any], window: int = 5, **changed: Any) -> dict[str, Any]:
    """That hint, used in a window, of a workload that was HOT."""
    where = situation([HOT]).digest
    seen = {"workload": row_json(where, 0) | {"id": hint.get("workload")}}
    about = {"kind": "decision", "id": 1, "run": 1, "window": window, "advisor": "llm", "hint": hint}
    return about | {"exchange_id": "x3", "seen": seen} | changed


def write(place: Path, *lines: dict[str, Any] | str | bytes) -> Path:
    file = place / "run.jsonl"
    texts = [json.dumps(line) + "\n" if isinstance(line, dict) else line for line in lines]
    file.write_bytes(b"".join(each if isinstance(each, bytes) else each.encode() for each in texts))
    return file


def advisor(place: Path, *lines: dict[str, Any]) -> ReplayAdvisor:
    (built,) = advise.build(f"replay:{write(place, RUN, *lines)}", Config())
    assert isinstance(built, ReplayAdvisor)
    return built


def hinted(built: ReplayAdvisor, number: int, *rows: Row) -> Advice:
    return built.advise(situation(rows or [HOT], number=number))


def test_an_answer_comes_in_the_window_in_which_it_was_used(tmp_path: Path) -> None:
    built = advisor(tmp_path, exchange(PLACE), decision(PLACE, window=5))
    for number in range(1, 8):
        advice = hinted(built, number)
        assert [hint.model_dump()["nodes"] for hint in advice.hints] == ([["node0"]] if number == 5 else [])
        assert advice.exchange_id == ("x3" if number == 5 else None)
        exchanges = built.drain_exchanges()
        assert [each.id for each in exchanges] == (["x3"] if number == 5 else [])
        # Nothing was asked now, and nothing spent.
        assert [(each.status, each.latency_ns, each.prompt_tokens) for each in exchanges] == [
            ("ok", 0, None)
        ] * len(exchanges)
    assert built.idle()
    assert built.name == "replay"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (json.dumps({"hints": [PLACE]}), "stale"),
        (json.dumps({"function": "fly", "hints": [PLACE]}), "invalid"),
        (json.dumps({"hints": [PLACE | {"workload": "w9"}]}), "unknown_id"),
        ("[" * 100_000, "invalid"),
    ],
)
def test_an_answer_of_which_nothing_was_used_gives_nothing(tmp_path: Path, answer: str, status: str) -> None:
    """Also where nothing else was decided in that run."""
    named = {
        "kind": "digest",
        "run": 1,
        "number": 1,
        "window": {},
        "workloads": [{"id": "w1", "name": "hot", "started_by_exec": True}],
    }
    built = advisor(tmp_path, named, exchange(status=status, function="") | {"answer": answer})
    assert [hinted(built, number).hints for number in range(1, 6)] == [[]] * 5
    assert [each.status for each in built.drain_exchanges()] == [status]


def test_a_run_of_all_sorts_is_decided_on_as_it_was(tmp_path: Path) -> None:
    """A late answer, an unknown function, one hint of two dropped: as they were used, and no others."""
    other = PLACE | {"nodes": ["node1"]}
    lines = [
        exchange(PLACE, id="x1", window=1, status="stale"),
        exchange(id="x2", window=2, status="invalid", function="")
        | {"answer": json.dumps({"function": "fly", "hints": [PLACE]})},
        exchange(PLACE, other, status="stale"),
        decision(other, window=4),
        decision(PLACE, window=6, exchange_id=None, advisor="rules"),
    ]
    built = advisor(tmp_path, *lines)
    given = {
        number: [hint.model_dump()["nodes"] for hint in hinted(built, number).hints] for number in range(1, 8)
    }
    assert {number: nodes for number, nodes in given.items() if nodes} == {4: [["node1"]], 6: [["node0"]]}
    statuses = [(each.id, each.status) for each in built.drain_exchanges()]
    assert statuses == [("x1", "stale"), ("x2", "invalid"), ("x3", "stale")]


def test_what_was_late_then_is_not_given_now(tmp_path: Path) -> None:
    other = PLACE | {"nodes": ["node1"]}
    built = advisor(tmp_path, exchange(PLACE, other), decision(other, window=4))
    assert [hint.model_dump()["nodes"] for hint in hinted(built, 4).hints] == [["node1"]]
    stale = advisor(tmp_path, exchange(PLACE, status="stale"), decision(other, exchange_id=None))
    assert [len(hinted(stale, number).hints) for number in (3, 5)] == [0, 1]


def test_a_failed_exchange_and_a_step_without_hints_fail_again(tmp_path: Path) -> None:
    built = advisor(
        tmp_path,
        exchange(id="x1", status="timeout") | {"answer": None},
        exchange(id="x2", function="archival_memory_search"),
    )
    assert hinted(built, 3).hints == []
    assert [each.status for each in built.drain_exchanges()] == ["timeout", "ok"]


def test_what_other_advisors_said_is_said_again(tmp_path: Path) -> None:
    built = advisor(tmp_path, decision(PLACE, exchange_id=None, advisor="rules"))
    advice = hinted(built, 5)
    assert [hint.kind for hint in advice.hints] == ["place_memory"]
    assert advice.exchange_id is None


NAMED = replace(HOT, id="w8")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([NAMED], ["w8"]),
        ([replace(HOT, name="other"), NAMED], ["w8"]),  # another has its id
        ([NAMED, replace(HOT, id="w9")], []),  # which of them?
        ([replace(NAMED, started_by_exec=False)], []),  # anybody can call himself so
        ([replace(NAMED, name="other")], []),
        ([], []),
    ],
)
def test_who_is_called_otherwise_here_is_found_by_the_name_exec_gave(
    tmp_path: Path, rows: list[Row], found: list[str]
) -> None:
    built = advisor(tmp_path, exchange(PLACE), decision(PLACE))
    advice = built.advise(situation(rows, number=5))
    assert [hint.model_dump()["workload"] for hint in advice.hints] == found
    (replayed,) = built.drain_exchanges()
    assert replayed.status == ("ok" if found else "unknown_id")


def test_a_name_that_exec_does_not_give_is_nobodys(tmp_path: Path) -> None:
    strange = decision(PLACE)
    strange["seen"]["workload"]["name"] = "a b"
    built = advisor(tmp_path, exchange(PLACE), strange)
    assert built.advise(situation([replace(NAMED, name="a b")], number=5)).hints == []


def test_who_was_not_started_by_exec_is_known_by_cgroup_or_process(tmp_path: Path) -> None:
    made = decision(PLACE)
    made["seen"]["workload"] |= {"started_by_exec": False, "cgroup": "/w1"}
    built = advisor(tmp_path, exchange(PLACE), made)

    def now(**changed: Any) -> Situation:
        where = situation([hot()], number=5)
        workloads = tuple(replace(each, **changed) for each in where.digest.workloads)
        return replace(where, recent=(replace(where.digest, workloads=workloads),))

    assert len(built.advise(now()).hints) == 1
    assert built.advise(now(cgroup="/w2")).hints == []
    assert built.advise(now(id="w8")).hints == []


def test_what_this_machine_has_not_is_left_out(tmp_path: Path) -> None:
    hint = PLACE | {"nodes": ["node5"]}
    built = advisor(tmp_path, exchange(hint, known_ids=("w1", "node5")), decision(hint))
    assert hinted(built, 5).hints == []
    assert [each.status for each in built.drain_exchanges()] == ["unknown_id"]


def test_the_last_run_in_which_a_model_was_asked(tmp_path: Path) -> None:
    later = decision(PLACE, exchange_id=None, advisor="rules", window=6) | {"run": 2}
    built = advisor(tmp_path, exchange(PLACE), decision(PLACE), RUN | {"run": 2}, later)
    assert [len(hinted(built, number).hints) for number in (5, 6)] == [1, 0]


DIGEST = {"window": {"start_ns": 0, "end_ns": 1}, "machine": {}, "workloads": []}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "is empty"),
        ((b"\x7fELF\x02\x01\x01\x00\xff\xfe",), "line 1: it is no JSON: it is cut short"),
        ((b"\x00" * 5000 + b"\n",), "line 1: it is no JSON;"),
        ((RUN, '{"kind": "exchange", "run": 1, "id'), "line 2: it is no JSON: it is cut short"),
        ((RUN, "[]\n"), "line 2: it is no object"),
        ((RUN, "7\n"), "line 2: it is no object"),
        ((RUN, '{"kind": "run", "run": NaN}\n'), "line 2: it is no JSON"),
        ((RUN, '{"kind": "run", "run": ' + "9" * 10_000 + "}\n"), "line 2: it is no JSON"),
        ((RUN, "[" * 100_000 + "\n"), "line 2: it is no JSON"),
        (({"kind": "letter", "run": 1},), "line 1: it is neither a digest nor a run"),
        (({"kind": ["run"], "run": 1},), "line 1: it is neither"),
        (({"run": 1},), "line 1: it is neither"),
        (({"kind": "run", "run": "1"},), "line 1: it has no number of a run"),
        (({"kind": "run", "run": 1, "machine": {}},), r"line 1: machine\.kernel"),
        ((RUN, {"kind": "exchange", "run": 1}), "line 2: id: Field required"),
        ((RUN, exchange() | {"status": "fine"}), "line 2: status"),
        ((RUN, decision(PLACE | {"kind": "fly"})), "line 2: hint"),
        ((RUN, decision(PLACE, applied=[{"window": 1}])), "line 2: action"),
        ((RUN, decision(PLACE, judged=[{}])), "line 2: what came of a decision has no window"),
        ((RUN, decision(PLACE, seen={"workload": {"id": "w1", "name": 7}})), "line 2: seen"),
        ((RUN, DIGEST | {"run": 1, "workloads": [{"started_by_exec": True}]}), "line 2: id"),
    ],
)
def test_a_file_that_is_something_else(tmp_path: Path, lines: tuple[Any, ...], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as error:
        create(Config(), file=str(write(tmp_path, *lines)))
    assert str(tmp_path) in str(error.value)
    assert len(str(error.value)) < 600


def test_a_line_without_end(tmp_path: Path) -> None:
    file = write(tmp_path, RUN)
    with file.open("ab") as opened:
        opened.truncate(4 * MOST_LINE_BYTES)
    with pytest.raises(ConfigError, match=f"line 2: it has more than {MOST_LINE_BYTES} bytes"):
        create(Config(), file=str(file))


def test_a_file_of_others(tmp_path: Path) -> None:
    file = write(tmp_path, RUN)
    file.chmod(0o666)
    with pytest.raises(ConfigError, match="can be written by others: chmod go-w"):
        create(Config(), file=str(file))
    file.chmod(0o600)
    os.chown(file, 65534, 65534)
    with pytest.raises(ConfigError, match="belongs to uid 65534, not to root"):
        create(Config(), file=str(file))


def test_what_is_no_file(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "not a plain file"), (tmp_path / "none", "no such file")):
        with pytest.raises(ConfigError, match=why):
            advise.build(f"replay:{path}", Config())
    with pytest.raises(ConfigError, match="advisor replay wants a file: write replay:FILE"):
        advise.build("replay", Config())
    with pytest.raises(ConfigError, match="advisor rules reads no file: write rules, not rules:x"):
        advise.build("rules:x", Config())
    with pytest.raises(ConfigError, match="did you mean replay"):
        advise.build("reply:x", Config())
