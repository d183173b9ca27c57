"""Asking a model's server about a device's text: whatever it does, however long the text is."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from device_reading import KEY, RIGHT, TEXT, answer, read, sayings, text, whys
from openai_server import (
    Handler,
    Scene,
    drips_headers,
    fails,
    hangs,
    hangs_up,
    in_pieces,
    says,
    sends,
    serving,
)

from llamas_bpf.advise.model import aside, device
from llamas_bpf.advise.model.answer import AnswerError
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.config import Config, ContextConfig
from llamas_bpf.errors import ConfigError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("scene", "status", "told"),
    [
        (fails(500, f"oh {KEY}"), "http_error", "see the server's own log"),
        (fails(401, "no"), "http_error", "set OPENAI_API_KEY"),
        (says(answer(*RIGHT)[:200]), "invalid", "ask a larger model"),
        (says(answer(*RIGHT)[:200], "length"), "too_long", "raise max_answer_tokens"),
        (says("It is a memory."), "invalid", 'no JSON object with "claims"'),
        (says('{"claims": 3}'), "invalid", "is no list"),
        (says('{"claims": [NaN]}'), "invalid", "no number of JSON"),
        (says('{"claims": ' + "[" * 200_000), "invalid", "ask a larger model"),
        (sends(b"x" * 10_000_000), "too_long", "longer than"),
        (in_pieces(b"x" * 10_000_000, 100_000), "too_long", "longer than"),
        (sends(b"{}"), "invalid", "OpenAI-compatible"),
        (hangs_up, "unreachable", "start the server"),
    ],
)
def test_no_usable_answer_says_what_to_do(scene: Scene, status: str, told: str) -> None:
    with serving(scene) as server, pytest.raises(AnswerError, match=r"^the first model at http://") as error:
        read(server, timeout_s=10)
    assert error.value.status == status
    assert told in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("scene", [hangs, drips_headers])
def test_a_server_that_takes_its_time_is_left(scene: Scene) -> None:
    told = "raise timeout_s under [llm]"
    with serving(scene) as server, pytest.raises(AnswerError, match=re.escape(told)):
        read(server, timeout_s=0.3)


def test_a_long_text_is_asked_about_in_parts() -> None:
    """Each in bounds, all of them together the whole, and what they say is one profile."""
    filler = "It is mounted in a rack, like all of them here, and nobody has touched it since. " * 6
    body = "\n\n".join([filler] * 10 + ["A memory with 64 GB.", *[filler] * 10, "Reads take 300 ns."])

    def reads(handler: Handler) -> None:
        user = handler.server.questions[-1]["messages"][1]["content"]
        known = (
            {"words": "64 GB", "field": "capacity_bytes", "value": 64, "unit": "GB"},
            {"words": "Reads take 300 ns", "field": "read_latency_ns", "value": 300, "unit": "ns"},
        )
        says(answer(*(claim for claim in known if claim["words"] in user)))(handler)

    with serving(reads) as server:
        profile = read(server, text(body), context=ContextConfig(tokens=4000))
        parts = [question["messages"][1]["content"] for question in server.questions]
    assert (profile.capacity_bytes, profile.read_latency_ns) == (64e9, 300)
    assert len(parts) > 3
    assert max(map(len, parts)) < 2200
    lines = [line.removeprefix("> ") for part in parts for line in part.splitlines()[1:]]
    assert "\n".join(lines).split() == body.split()


def too_much(status: int) -> Scene:
    return fails(status, "This model's maximum context length is 2048 tokens")


@pytest.mark.parametrize("scene", [too_much(400), says('{"claims": [{"words": "A memory', "length")])
def test_what_is_too_much_for_one_question_is_asked_in_halves(scene: Scene) -> None:
    def reads(handler: Handler) -> None:
        long = len(handler.server.questions[-1]["messages"][1]["content"]) > 1500
        (scene if long else says(answer(RIGHT[1])))(handler)

    with serving(reads) as server:
        profile = read(server, text(TEXT + "\nNothing more to say of it. " * 200))
        assert len(server.questions) > 4
    assert profile.capacity_bytes == 256e9


def test_a_text_that_is_endless_for_this_model_is_not_read_to_its_end() -> None:
    with serving(says(answer(RIGHT[1]))) as server:
        profile = read(server, text(TEXT + "word " * 12_000), context=ContextConfig(tokens=2000))
        assert len(server.questions) == 16
    assert profile.capacity_bytes == 256e9
    assert "not read by the model" in whys(profile, "text")


def test_the_child_that_asks_has_no_rights_and_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    root = os.geteuid() == 0

    def closely(work: Callable[[], str], most_s: float) -> str | None:
        def watched() -> str:
            sys.meta_path.clear()
            assert not (root and os.geteuid() == 0)
            return work()

        return aside.aside(watched, most_s)

    monkeypatch.setattr(device, "aside", closely)
    assert sayings(says(answer(*RIGHT))).capacity_bytes == 256e9


def test_what_breaks_the_child_ends_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (None, "", "{", '{"said": [{"field": "kind"}]}'):
        monkeypatch.setattr(device, "aside", lambda work, most_s, said=said: said)
        with serving(says("")) as server, pytest.raises(AnswerError, match="that could be read"):
            read(server)


@pytest.mark.parametrize("template", ["{{ figures[99].x }}", "{% if %}"])
def test_an_operators_own_prompt_is_used_and_named_where_it_is_wrong(tmp_path: Path, template: str) -> None:
    (tmp_path / "prompts").mkdir()
    own = tmp_path / "prompts" / "device.j2"
    own.write_text("Claim {{ figures | length }} figures.")
    config = Config(policies=tmp_path)
    with serving(says(answer())) as server:
        device.read(Endpoint(server.url, "m", KEY), text(), 10, config)
        assert server.questions[0]["messages"][0]["content"] == "Claim 6 figures."
        own.write_text(template)
        with pytest.raises(ConfigError, match=r"prompts/device\.j2"):
            device.read(Endpoint(server.url, "m", KEY), text(), 10, config)
