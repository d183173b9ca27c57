"""The model's advisor against a real server on loopback: well, badly, slowly and not at all answered."""

import fcntl
import os
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llm_loop import PLACE, ROWS, Loop, until
from openai_server import Scene, drips, hangs, hangs_up, hints, says, sends, serving
from situations import hot, idle, stream

from llamas_bpf import process_stat

pytest_plugins = ["loops"]
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    assert not [pid for pid in _children() if "confined" in _command(pid)]


def _children() -> list[int]:
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if (stat := process_stat.read(pid)) and stat.parent == os.getpid()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_a_hint_comes_and_the_exchange_is_kept_whole(loops: Any) -> None:
    loop, server = loops(hints(PLACE))
    advice, exchange = loop.answer()
    assert advice is not None
    assert advice.advisor == "llm"
    assert advice.exchange_id == exchange.id
    assert advice.known_ids == {"w1", "w2", "node0", "node1", "node2"}
    assert [hint.kind for hint in advice.hints] == ["place_memory"]
    assert (exchange.status, exchange.model, exchange.window) == ("ok", "m", 1)
    assert (exchange.prompt_tokens, exchange.completion_tokens) == (1200, 34)
    assert exchange.latency_ns > 0
    assert "place_memory" in (exchange.answer or "")
    (question,) = server.questions
    assert question["messages"] == exchange.prompt
    assert question["model"] == "m"
    assert question["max_tokens"] == 2000
    assert question["response_format"]["type"] == "json_schema"
    assert "PlaceMemory" in question["response_format"]["json_schema"]["schema"]["$defs"]
    assert server.keys == ["Bearer none"]
    assert server.encodings == ["identity"]
    # Nothing changes: no hints, nothing asked, no exchange again.
    for _ in range(20):
        later = loop.window()
        assert later is not None
        assert later.hints == []
    assert len(server.questions) == len(loop.exchanges) == 1


def test_it_asks_again_after_a_time_and_after_a_change(loops: Any) -> None:
    loop, server = loops(hints(), ask_every_s=20)
    loop.answer()
    for _ in range(25):
        loop.window()
    loop.answer()
    assert len(server.questions) == 2
    loop.number += 6
    changed = (hot(started_by_exec=True), idle("w2"))
    loop.window(changed)
    loop.answer(changed)
    assert len(server.questions) == 3


def test_advise_never_waits(loops: Any) -> None:
    loop, server = loops(hangs)
    loop.window()
    until(lambda: bool(server.questions))
    advices = [loop.window() for _ in range(9)]
    # All that while the question was open, and still is.
    assert not loop.advisor.idle()
    assert loop.exchanges == []
    assert [advice and advice.hints for advice in advices] == [[]] * 9
    loop.advisor.close()
    server.ending.set()


@pytest.mark.parametrize(
    ("scene", "status", "detail"),
    [
        (says("I would rather not."), "invalid", 'no JSON object with "hints"'),
        (says('{"hints": [{"kind": "place_memory", "workl'), "invalid", "no JSON object"),
        (says('{"hints": [{"kind": "pla', "length"), "too_long", "raise max_answer_tokens"),
        (says('{"hints": [{"kind": "fly", "reason": "r", "confidence": 1}]}'), "invalid", "hints.0"),
        (hints({"kind": "weigh_cpu", "workload": "w1", "weight": 10**30}), "invalid", "weight"),
        (hints(PLACE | {"workload": "w99"}), "unknown_id", "not in the prompt: w99"),
        (hints(PLACE | {"nodes": ["node7"]}), "unknown_id", "not in the prompt: node7"),
        (sends(b"{"), "invalid", "not what an OpenAI-compatible server sends"),
        (sends(b"[" * 100_000), "invalid", "not what an OpenAI"),
        (sends(b'{"choices": []}'), "invalid", "not what an OpenAI"),
        (sends(b'{"choices": [{"message": {"content": null}}]}'), "invalid", "no JSON object"),
        (sends(b'{"choices": [{"message": {"content": "\\ud800"}}]}'), "invalid", "n"),
        (sends(b"\xff\xfe<html>", headers={"Content-Type": "text/html"}), "invalid", "not what an OpenAI"),
        (sends(b"{}", headers={"Content-Encoding": "gzip"}), "invalid", "the reply is compressed"),
        (sends(b'{"error": {"message": "overloaded"}}', 500), "http_error", "HTTP 500"),
        (sends(b'{"error": {"message": "slow down"}}', 429, {"Retry-After": "1"}), "http_error", "slow down"),
        (sends(f"wrong key {KEY}".encode(), 401), "http_error", "HTTP 401"),
        (sends(b"", 302, {"Location": "/v1/elsewhere"}), "http_error", "HTTP 302"),
        (sends(b"", 307, {"Location": "/v1/elsewhere"}), "http_error", "HTTP 307"),
        (sends(b" " * 10_000_000), "too_long", "longer than 1048576 bytes"),
        (sends(b" " * 10_000_000, 500), "too_long", "longer than 1048576 bytes"),
        (hangs_up, "unreachable", "cannot reach m at http://127.0.0.1"),
    ],
)
def test_a_useless_answer_is_counted_and_the_next_advisor_asked(
    loops: Any, monkeypatch: pytest.MonkeyPatch, scene: Scene, status: str, detail: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    # With more steps, what is wrong with an answer would be told to the model.
    loop, server = loops(scene, context={"tokens": 20_000, "steps": 1})
    advice, exchange = loop.answer()
    assert advice is None
    assert (exchange.status, detail in exchange.detail) == (status, True), exchange.detail
    assert server.keys == [f"Bearer {KEY}"]
    assert server.paths == ["/v1/chat/completions"]
    assert KEY not in exchange.model_dump_json()
    assert loop.window() is None


@pytest.mark.parametrize("scene", [hangs, drips])
def test_no_answer_in_time(loops: Any, scene: Scene) -> None:
    loop, server = loops(scene, timeout_s=0.3)
    advice, exchange = loop.answer()
    assert advice is None
    assert exchange.status == "timeout"
    assert not server.ending.is_set()  # it would have gone on


def test_nobody_there() -> None:
    with serving(hints()) as server:
        pass
    loop = Loop(server)
    advice, exchange = loop.answer()
    assert advice is None
    assert exchange.status == "unreachable"
    loop.advisor.close()


def test_one_unknown_id_costs_only_its_hint(loops: Any) -> None:
    loop, _ = loops(hints(PLACE | {"workload": "w99"}, PLACE))
    advice, exchange = loop.answer()
    assert exchange.status == "unknown_id"
    assert advice is not None
    assert [hint.model_dump()["workload"] for hint in advice.hints] == ["w1"]
    assert loop.window() is not None


def test_retries_come_later_and_later_until_it_recovers(loops: Any) -> None:
    asked_is_seen = threading.Event()

    def then(scene: Scene) -> Scene:
        def held(handler: Any) -> None:
            asked_is_seen.wait(60)
            scene(handler)

        return held

    bad = sends(b"", 503)
    loop, _ = loops(bad, then(bad), then(bad), then(hints(PLACE)), ask_every_s=1000)
    loop.answer()
    waited = []
    for _ in range(3):
        begun = loop.number
        while loop.advisor.idle():
            assert loop.window() is None
        waited.append(loop.number - begun)
        asked_is_seen.set()
        advice, _ = loop.answer()
        asked_is_seen.clear()
    assert waited == [5, 10, 20]
    assert advice is not None
    assert [exchange.status for exchange in loop.exchanges] == ["http_error"] * 3 + ["ok"]
    assert loop.window() is not None


def test_a_late_answer_is_dropped_when_its_workload_is_gone(loops: Any) -> None:
    loop, server = loops(hints(PLACE))
    loop.window()
    until(lambda: bool(server.questions))
    advice, exchange = loop.answer((stream(),))
    assert exchange.status == "stale"
    assert advice is not None  # the model is well
    assert advice.hints == []


def test_a_late_answer_is_dropped_when_it_would_have_ended_by_now(loops: Any) -> None:
    loop, _ = loops(hints(PLACE | {"ttl_s": 10}))
    loop.window()
    loop.number += 20
    _, exchange = loop.answer()
    assert exchange.status == "stale"


def test_a_late_answer_is_dropped_when_its_workload_has_changed_since(loops: Any) -> None:
    loop, server = loops(hints(PLACE))
    loop.window()
    until(lambda: bool(server.questions))
    _, exchange = loop.answer((stream("w1", started_by_exec=True), stream()))
    assert (exchange.status, exchange.detail) == ("stale", "its situation has passed")


def test_a_window_without_hints_tells_what_was_left_alone(loops: Any) -> None:
    loop, _ = loops(hints())
    advice, exchange = loop.answer()
    assert advice is not None
    assert (advice.hints, advice.exchange_id) == ([], exchange.id)
    assert advice.known_ids >= {"w1", "w2"}


def test_windows_that_another_answers_are_told_too(loops: Any) -> None:
    """And what it asked before is still to come."""
    loop, server = loops(hints(PLACE))
    loop.window()
    assert not loop.advisor.idle()
    until(lambda: bool(server.questions))
    for _ in range(3):
        loop.advisor.observe(loop.situation(ROWS))
    advice, _ = loop.answer()
    assert advice is not None
    assert advice.hints
    assert loop.advisor.idle()
    assert loop.advisor.figures().dropped == 0


def test_at_its_limit_the_next_advisor_answers(loops: Any) -> None:
    loop, server = loops(hints(PLACE), budget={"calls_per_hour": 1, "tokens_per_day": 10_000})
    advice, _ = loop.answer()
    assert advice is None or advice.hints
    for _ in range(100):
        assert loop.window() is None
    assert loop.advisor.why.startswith("budget: 1 calls in an hour are spent, next at ")
    assert len(server.questions) == 1
    figures = loop.advisor.figures()
    assert (figures.hour.calls, figures.day.tokens) == (1, 1234)
    assert figures.limits["calls_per_hour"] == 1


def unread_bytes(pipe: int) -> int:
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_an_answer_at_the_last_moment_is_kept(loops: Any) -> None:
    loop, server = loops(hints(PLACE))
    loop.window()
    until(lambda: bool(server.questions))
    pipe = loop.advisor._process._pipe.read
    until(lambda: unread_bytes(pipe) > 2000)  # the answer comes up, with its question, and nobody looks
    loop.advisor.close()
    (exchange,) = loop.advisor.drain_exchanges()
    assert exchange.status == "stale"
    assert exchange.answer
    assert loop.advisor.drain_exchanges() == []


def test_an_overdue_question_leaves_it_to_the_next_advisor(loops: Any) -> None:
    loop, server = loops(hangs, timeout_s=5)
    loop.window()
    assert loop.window() is not None
    loop.number += 10
    assert loop.window() is None
    server.ending.set()


def test_the_first_model_of_the_server_is_taken(loops: Any) -> None:
    loop, server = loops(hints(PLACE), model=None)
    _, exchange = loop.answer()
    assert exchange.model == "scripted"
    assert server.paths == ["/v1/models", "/v1/chat/completions"]
