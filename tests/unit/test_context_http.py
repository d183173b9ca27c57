"""The virtual context on a real client and real HTTP: a server that counts, has a window, and says so."""

import json
from pathlib import Path
from typing import Any

from context_windows import NOTHING, asked, event, observation, results, start, step
from openai_server import Handler, completion, fails, form, sends, serving

from llamas_bpf.advise.context.conversation import Context
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.endpoint import NO_KEY, Endpoint


def opened(url: str, path: Path, tokens: int) -> Context:
    client = Client(Endpoint(url, "m", NO_KEY), 5)
    return Context(client, start(tokens=tokens), path / "memory.db")


def engine(window: int, chars: float) -> Any:
    """Takes what fits into its window; follows a decision that it finds by searching."""

    def scene(handler: Handler) -> None:
        question = handler.server.questions[-1]
        messages = question["messages"]
        tokens = int(sum(len(message["content"]) for message in messages) / chars) + 1
        if tokens + question["max_tokens"] > window:
            said = f"This model's maximum context length is {window} tokens. However, you requested more."
            fails(400, said)(handler)
            return
        found = [result for result in results(messages) if "found" in result]
        text = NOTHING if found else step("conversation_search", query="decision 3 verdict")
        if form(question) == "none":
            text = "A summary: nothing of note."
        body = completion(text)
        body["usage"] = {"prompt_tokens": tokens, "completion_tokens": 20}
        sends(json.dumps(body).encode())(handler)

    return scene


def told(of: Context, number: int) -> Any:
    return asked(of, observation(number, events=[event(f"rose by {number}", decision=number)]))


def test_a_conversation_over_http(tmp_path: Path) -> None:
    with serving(engine(8000, 3)) as server:
        of = opened(server.url, tmp_path, 8000)
        for number in range(1, 40):
            answered = told(of, number)
            assert {exchange.status for exchange in answered.exchanges} == {"ok"}
    assert [exchange.function for exchange in answered.exchanges][-1] == "give_hints"
    forms = {form(question) for question in server.questions}
    assert forms == {"json_schema", "none"}
    sent = next(question for question in server.questions if form(question) == "json_schema")
    assert "anyOf" in sent["response_format"]["json_schema"]["schema"]


def test_a_server_with_a_smaller_window_than_configured(tmp_path: Path) -> None:
    with serving(engine(8000, 2)) as server:
        of = opened(server.url, tmp_path, 12_000)
        for number in range(1, 60):
            answered = told(of, number)
            assert answered.exchanges[-1].status == "ok"
    assert any(exchange.function == "give_hints" for exchange in answered.exchanges)
