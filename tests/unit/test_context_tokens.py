"""How much a prompt is: estimated before it is sent, so that it fits however the server counts."""

import json
import math
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from context_windows import (
    NOTHING,
    Messages,
    Scripted,
    asked,
    by_byte,
    by_chars,
    context,
    decided,
    dense,
    event,
    observation,
    script,
    step,
    talkative,
)

from llamas_bpf.advise.confined.messages import Event
from llamas_bpf.advise.context.tokens import TokenCount
from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.advise.model.quoting import quoted


def test_a_window_that_is_too_small_says_what_to_do(tmp_path: Path) -> None:
    model = Scripted(script(NOTHING), by_byte)
    answered = asked(context(model, tmp_path, tokens=4000), observation())
    assert answered.exchanges[-1].status == "too_long"
    assert "raise tokens under [llm.context]" in answered.exchanges[-1].detail
    # Another tokenizer makes the same window large enough: that is found out, not assumed.
    other = Scripted(script(NOTHING), by_chars(5))
    (tmp_path / "other").mkdir()
    answered = asked(context(other, tmp_path / "other", tokens=4000), observation())
    assert [exchange.function for exchange in answered.exchanges] == ["measure", "give_hints"]


def test_a_server_that_counts_nothing_gets_prompts_that_are_sure_to_fit(tmp_path: Path) -> None:
    model = Scripted(talkative, by_byte, usage=False)
    of = context(model, tmp_path, tokens=9000)
    for number in range(1, 30):
        asked(of, observation(number, events=decided(number)))
    assert of.figures().flushes > 0
    assert len(model.prompts) > 20


WORDS = "while the hot pages of this workload lay far away it waited and waited for each of them "


def prose(number: int) -> list[Event]:
    return [event(WORDS * 3, "hint", number), event(f"{WORDS} in {number}", "verdict", number)]


def figures(number: int) -> list[Event]:
    of = random.Random(number)
    return [event(" ".join(str(of.random()) for _ in range(15)), "verdict", number) for _ in range(3)]


def chinese(number: int) -> list[Event]:
    return [event(quoted("页面很远所以等待" * 30 + str(number), 300), "verdict", number)]


def per_sign(chars: float) -> Callable[[str], float]:
    """Four letters of prose are a token; of all else, so many bytes."""
    letters = re.compile(r"[A-Za-z ]")

    def count(text: str) -> float:
        rest = len(letters.sub("", text).encode())
        return (len(text.encode()) - rest) / 4 + rest / chars

    return count


@pytest.mark.parametrize("then", [figures, chinese])
@pytest.mark.parametrize("count", [per_sign(2), per_sign(1), dense], ids=["two", "one", "dense"])
def test_denser_texts_than_ever_before_fit_at_once(
    tmp_path: Path, then: Callable[[int], list[Event]], count: Callable[[str], float]
) -> None:
    """Many of them at once, after a long time in which the server counted nothing but prose."""
    said = {prose: "I think that nothing is to be done", then: "好的 0.123456789 " * 15}

    def play(messages: Messages, schema: Any) -> str:
        if schema is None:
            return said[now] * 20
        if messages[-1]["content"].startswith("Result: "):
            return NOTHING
        return step("conversation_search", query="verdict", thoughts=said[now])

    now: Callable[[int], list[Event]] = prose
    # The scripted server raises where a prompt and its answer exceed the window.
    model = Scripted(play, count)
    of = context(model, tmp_path, tokens=8000)
    for number in range(1, 90):
        now = prose if number < 40 or number % 20 == 0 else then
        for _ in range(1 + number % 7):
            of.observe(observation(number, events=now(number), asks=False))
        answered = asked(of, observation(number, events=now(number)))
        assert {exchange.status for exchange in answered.exchanges} == {"ok"}, answered.exchanges[-1].detail
    assert of.figures().flushes > 3
    # And it is no waste: most of the window is used.
    assert model.fullest > 6000


class Changing(Scripted):
    """Takes twice as many tokens for everything from some day on, and refuses what does not fit."""

    refused = 0

    def ask(self, messages: Messages, most_tokens: int, schema: Any) -> Reply:
        if self.tokens(messages) + most_tokens > self.window:
            self.refused += 1
            raise AnswerError("too_long", "HTTP 400", context_full=True)
        return super().ask(messages, most_tokens, schema)


def test_a_server_that_begins_to_count_otherwise_is_found_out_by_one_prompt(tmp_path: Path) -> None:
    model = Changing(talkative, by_chars(4))
    of = context(model, tmp_path, tokens=10_000)
    for number in range(1, 80):
        if number == 40:
            assert model.refused == 0
            model._count = by_chars(2)
        answered = asked(of, observation(number, events=decided(number)))
        assert answered.exchanges[-1].status in ("ok", "invalid", "endless")
    assert model.refused <= 1


@pytest.mark.parametrize("said", [0, -1, 1 << 70])
def test_a_server_that_counts_nonsense(said: int) -> None:
    tokens = TokenCount()
    texts = ["the same words " * 20] * 2 + [WORDS]
    tokens.count(texts, said)
    for prompt in (texts, texts[:1], [], ["0.12 " * 100]):
        most = sum(len(text) for text in prompt) + 8 * len(prompt)
        assert 0 <= tokens.estimate(prompt) <= most
    assert tokens.estimate(texts[:1]) < tokens.estimate(texts)


def test_what_was_counted_is_known_after_a_restart() -> None:
    texts = [WORDS * 20, "0.123, " * 200]
    tokens = TokenCount()
    tokens.count(texts, 900)
    again = TokenCount(**json.loads(json.dumps(tokens.as_json())))
    assert again.estimate(texts) == tokens.estimate(texts) == 900 + 2 * 8
    assert again.estimate([*texts, WORDS]) > 900 + len(WORDS) / 2


@pytest.mark.parametrize("count", [per_sign(1), per_sign(2), dense, by_chars(4), by_byte])
def test_the_estimate_is_a_bound_and_no_wild_one(count: Callable[[str], float]) -> None:
    """A queue that begins as prose: texts of any kind come to it, and the oldest or any other go."""
    of = random.Random(1)
    new = (prose, figures, chinese)
    tokens = TokenCount()
    told = [WORDS * 20]
    for number in range(300):
        kind = prose if number < 50 else new[of.randrange(3)]
        told += [one.text for one in kind(number) * of.randrange(1, 3)]
        counted, estimated = math.ceil(sum(map(count, told))), tokens.estimate(told)
        assert counted <= estimated, number
        assert number == 0 or estimated <= 2 * counted, number
        tokens.count(told, counted)
        while sum(map(len, told)) > 20_000:
            del told[of.randrange(1, len(told)) if number % 2 else 1]
        assert sum(map(count, told)) <= tokens.estimate(told), number
