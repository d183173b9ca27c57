"""What a question costs, whatever becomes of it; and what of its answer is not believed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from llm_loop import PLACE, ROWS, Loop, until
from openai_server import fails, hangs, hints, refusing, serving
from situations import hot

from llamas_bpf.advise import llm
from llamas_bpf.advise.confined.process import Confined
from llamas_bpf.controller.past import Past

pytest_plugins = ["loops"]
LYING = (sys.executable, "-I", str(Path(__file__).parents[1] / "lying_model.py"))


@contextmanager
def lying(monkeypatch: pytest.MonkeyPatch, mode: str, **settings: Any) -> Iterator[Loop]:
    monkeypatch.setattr(llm, "Confined", partial(Confined, program=(*LYING, mode)))
    with serving(hangs) as server:
        loop = Loop(server, **settings)
        yield loop
        loop.advisor.close()


def test_a_budget_too_small_for_the_next_prompt_is_no_failure(loops: Any) -> None:
    loop, server = loops(hints(PLACE), budget={"tokens_per_day": 500})
    advice, exchange = loop.answer()
    assert advice is None  # the next advisor answers
    assert (exchange.status, exchange.prompt) == ("over_budget", [])
    assert loop.advisor.why.startswith("budget: the next prompt takes about ")
    assert loop.advisor.why.endswith(" tokens, 500 are left")
    assert loop.advisor._breaker.state(10**30) == "closed"
    assert (server.questions, loop.advisor.figures().hour.calls) == ([], 0)
    for _ in range(40):  # nor is its process asked again and again
        assert loop.window() is None
    assert len(loop.exchanges) == 1


def test_a_process_that_dies_amid_a_question_has_cost_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    with lying(monkeypatch, "dies", budget={"tokens_per_day": 30_000}) as loop:
        advice, died = loop.answer()
        assert advice is None
        assert (died.status, died.tokens_estimated) == ("died", True)
        assert (died.prompt_tokens, died.completion_tokens) == (18_000, 2000)
        assert loop.advisor.figures().day.tokens == 20_000
        until(lambda: loop.advisor._process._retry < time.monotonic())
        loop.number += 10
        loop.answer()
        assert loop.window() is None
        assert loop.advisor.why.startswith("budget: 30000 tokens in a day are spent")


def test_each_call_that_was_begun_has_cost_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    with lying(monkeypatch, "dies later") as loop:
        loop.answer()
        assert [(one.status, one.step, one.prompt_tokens) for one in loop.exchanges] == [
            ("died", step, 18_000) for step in range(3)
        ]
        assert len({one.id for one in loop.exchanges}) == 3
        assert (loop.advisor.figures().hour.calls, loop.advisor.figures().hour.tokens) == (3, 60_000)
    with lying(monkeypatch, "asks without end") as loop:
        loop.answer()
        assert len(loop.exchanges) <= 2 * 8 + 4
    with lying(monkeypatch, "asks on") as loop:
        loop.window()
        until(lambda: not loop.advisor.idle() and loop.advisor._begun == 2)
        loop.advisor.close()
        assert [one.status for one in loop.advisor.drain_exchanges()] == ["stale", "stale"]


@pytest.mark.parametrize("mode", ["knows of no call", "needs no call"])
def test_what_has_an_answer_was_a_call(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    with lying(monkeypatch, mode) as loop:
        _, exchange = loop.answer()
        assert exchange.latency_ns > 0
        assert (exchange.prompt_tokens, exchange.completion_tokens) == (18_000, 2000)
        assert (loop.advisor.figures().hour.calls, loop.advisor.figures().hour.tokens) == (1, 20_000)


def test_what_the_controller_knows_is_not_taken_from_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with lying(monkeypatch, "lies") as loop:
        advice, exchange = loop.answer()
        assert advice is not None
        assert advice.hints == []
        assert exchange.status == "unknown_id"
        assert (exchange.window, exchange.model, exchange.step) == (1, "m", 0)
        assert exchange.prompt_hash == loop.advisor._prompts.hash
        assert exchange.known_ids == ("node0", "node1", "node2", "w1", "w2")
        # What says that it cost nothing is estimated.
        spent = loop.advisor.figures().hour
        assert (spent.calls, spent.tokens > 1000) == (1, True)
        assert exchange.latency_ns > 0  # or the store would not count it


@pytest.mark.parametrize("mode", ["refunds", "no numbers"])
def test_what_is_no_count_and_no_text_ends_it_and_gives_nothing_back(
    monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    with lying(monkeypatch, mode) as loop:
        _, exchange = loop.answer()
        assert exchange.status == "died"
        assert "does not keep to the rules" in exchange.detail
        assert loop.advisor.figures().hour.tokens == 20_000


def test_a_server_that_asks_for_peace_gets_it(loops: Any) -> None:
    loop, server = loops(fails(429, "slow down", Retry_After="100"), hints(PLACE))
    loop.answer()
    for _ in range(99):
        assert loop.window() is None
    assert len(server.questions) == 1
    loop.answer()
    assert len(server.questions) == 2


def test_one_hint_of_two_that_comes_too_late_leaves_nobody_alone(loops: Any) -> None:
    """That about w2 was dropped, not withheld: w2 is no situation with nothing to do."""
    loop, server = loops(hints(PLACE, PLACE | {"workload": "w2"}))
    loop.window()
    until(lambda: bool(server.questions))
    changed = (ROWS[0], hot("w2"))
    advice, exchange = loop.answer(changed)
    assert advice is not None
    assert [hint.model_dump()["workload"] for hint in advice.hints] == ["w1"]
    assert (exchange.status, exchange.detail) == ("stale", "the situation of a hint has passed")
    past, there = Past(), loop.situation(changed)
    past.windows.extend(there.recent)
    past.add_answer(there, advice, [exchange])
    scope = frozenset({"w1", "w2"})
    assert past.situation(9, there.machine, (), scope, frozenset()).left_alone == frozenset()


def test_a_failure_is_kept_as_such_when_the_controller_stops(loops: Any) -> None:
    loop, _ = loops(fails(500, "oh"))
    loop.window()
    until(loop.advisor.idle)
    loop.advisor.close()
    assert [exchange.status for exchange in loop.advisor.drain_exchanges()] == ["http_error"]


def test_trouble_after_the_start_is_said(loops: Any, tmp_path: Path) -> None:
    """Its memory is damaged while it runs, and its server does not take the schema."""
    scene = refusing("json_schema", "json_object+schema", then=hints())
    loop, _ = loops(scene, state=tmp_path)
    loop.answer()
    for database in (tmp_path / "advisor").glob("memory.db*"):
        database.write_bytes(b"no database at all" * 1000)

    def told() -> tuple[str, ...]:
        advice = loop.window()
        return advice.degradations if advice else ()

    until(lambda: "memory was damaged" in " ".join(told()))
    assert "the model's server: JSON mode only (the schema is asked for in the prompt)" in told()
