"""The client against a real server on loopback: the form it takes, its limits, what it tells of failures."""

import json
import math
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
from openai_server import (
    Scene,
    Server,
    calls,
    completion,
    drips,
    drips_headers,
    fails,
    form,
    goes_on,
    hangs,
    hints,
    in_pieces,
    refusing,
    says,
    sends,
    serving,
)

from llamas_bpf.advise.model.answer import AnswerError, Reply, found
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.endpoint import Endpoint

SCHEMA = {"type": "object", "properties": {"hints": {"type": "array"}}}
ASKED = [{"role": "user", "content": "What now?"}]
KEY = "sk-very-secret-0123456789"
FORMS = ["json_schema", "json_object+schema", "json_object", "none"]


class Asked:
    """A client with its server."""

    def __init__(self, server: Server, timeout_s: float = 5, key: str = KEY) -> None:
        self.server = server
        self.client = Client(Endpoint(server.url, "m", key), timeout_s)

    def ask(self, schema: Any = SCHEMA) -> Reply:
        return self.client.ask(ASKED, 500, schema)

    def fail(self, schema: Any = SCHEMA) -> AnswerError:
        with pytest.raises(AnswerError) as error:
            self.ask(schema)
        return error.value

    @property
    def forms(self) -> list[str]:
        return [form(question) for question in self.server.questions]


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Iterator[Any]:
    """``asked(scene, …)``."""
    ends = []

    def build(*script: Scene, **more: Any) -> Asked:
        context = serving(*script)
        one = Asked(context.__enter__(), **more)
        ends.extend([lambda: context.__exit__(None, None, None), one.client.close])
        return one

    yield build
    for end in reversed(ends):
        end()


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (0, "answers by JSON schema"),
        (1, "answers by JSON schema, in llama.cpp's form"),
        (2, "JSON mode only (the schema is asked for in the prompt)"),
        (3, "plain text (JSON is asked for in the prompt)"),
    ],
)
@pytest.mark.parametrize("status", [400, 404, 415, 422, 500, 501])
def test_the_form_is_found_at_the_first_question_and_kept(
    asked: Any, refused: int, words: str, status: int
) -> None:
    one = asked(refusing(*FORMS[:refused], then=hints(), status=status))
    assert one.client.capability == "not asked yet"
    assert found(one.ask()) == {"hints": []}
    assert one.client.capability == words
    one.ask()
    one.ask()
    assert one.forms == [*FORMS[: refused + 1], FORMS[refused], FORMS[refused]]


def test_each_form_says_the_schema_as_the_server_wants_it(asked: Any) -> None:
    one = asked(refusing(*FORMS[:3], then=hints()))
    one.ask()
    assert [question.get("response_format") for question in one.server.questions] == [
        {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
        {"type": "json_object", "schema": SCHEMA},
        {"type": "json_object"},
        None,
    ]


def test_where_every_form_is_refused_the_error_stands_and_all_begins_again(asked: Any) -> None:
    one = asked(refusing(*FORMS, then=hints(), status=404))
    for _ in range(2):
        error = one.fail()
        assert (error.status, error.http, error.context_full) == ("http_error", 404, False)
        assert "response_format of type none" in str(error)
    assert one.forms == FORMS * 2
    assert one.client.capability == "not asked yet"


def test_a_refusal_of_what_was_taken_before_is_about_something_else(asked: Any) -> None:
    one = asked(hints(), fails(400, "the content was filtered"), hints())
    one.ask()
    assert one.fail().status == "http_error"
    assert one.forms == ["json_schema"] * 2
    one.ask()
    assert one.client.capability == "answers by JSON schema"


@pytest.mark.parametrize(
    ("status", "message"),
    [(500, "out of memory"), *((status, "response_format") for status in (401, 403, 429, 502, 503))],
)
def test_what_is_no_refusal_of_the_form_is_not_asked_again(asked: Any, status: int, message: str) -> None:
    one = asked(fails(status, message))
    assert one.fail().http == status
    assert one.forms == ["json_schema"]


def test_a_server_that_knows_only_the_other_limit(asked: Any) -> None:
    one = asked(refusing(limit="max_tokens", then=hints()))
    one.ask()
    one.ask()
    limits = [{"max_tokens", "max_completion_tokens"} & question.keys() for question in one.server.questions]
    assert limits == [{"max_tokens"}, {"max_completion_tokens"}, {"max_completion_tokens"}]
    assert one.forms == ["json_schema"] * 3
    assert one.server.questions[-1]["max_completion_tokens"] == 500


def test_a_limit_that_is_refused_by_both_names_is_an_error(asked: Any) -> None:
    one = asked(fails(400, "max_tokens or max_completion_tokens is too large: 500"))
    assert one.fail().status == "http_error"
    assert one.forms == ["json_schema"] * 2


def test_plain_text_settles_nothing(asked: Any) -> None:
    one = asked(says("In short: all is well."), refusing("json_schema", then=hints()))
    assert one.ask(None).text == "In short: all is well."
    assert one.client.capability == "not asked yet"
    one.ask()
    assert one.forms == ["none", *FORMS[:2]]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."),
        (400, "'max_tokens' or 'max_completion_tokens' is too large: 9. This model's maximum context length"),
        (400, "the request exceeds the available context size, try increasing it"),
        (500, "the request exceeds the available context size. try increasing the context size"),
        (400, "Trying to keep the first 4130 tokens when context the overflows."),
        (413, "prompt is too long: 208310 tokens > 200000 maximum"),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens"),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575)."),
        (400, "Prompt contains 33000 tokens, too large for model with 32768 maximum context length"),
    ],
)
def test_a_full_window_is_told_as_such_and_no_other_form_is_tried(
    asked: Any, status: int, message: str
) -> None:
    one = asked(fails(status, message))
    error = one.fail()
    assert (error.status, error.context_full, error.http) == ("too_long", True, status)
    assert len(one.server.questions) == 1


@pytest.mark.parametrize("charset", ["punycode", "zlib", "idna", "rot13", "utf-16", "\x01"])
def test_an_error_is_read_as_utf_8_whatever_it_claims_to_be(asked: Any, charset: str) -> None:
    """Python would take minutes to decode a long one as punycode, and fails at others."""
    type_ = f"application/json; charset={charset}"
    error = asked(fails(400, "maximum context length é", Content_Type=type_)).fail()
    assert (error.status, error.http) == ("too_long", 400)
    assert "maximum context length é" in str(error)


def test_a_rate_limit_that_speaks_of_tokens_is_no_full_window(asked: Any) -> None:
    error = asked(fails(429, "too many tokens per minute: maximum context")).fail()
    assert (error.status, error.context_full) == ("http_error", False)


@pytest.mark.parametrize(
    ("status", "said", "least", "most"),
    [
        (429, "7", 7, 7),
        (503, "0", 0, 0),
        (429, "86400", 3600, 3600),
        (429, "9" * 5000, 3600, 3600),
        (429, "in a while", None, None),
        (429, "-5", None, None),
        (429, "nan", None, None),
        (429, "²", None, None),
        (429, "", None, None),
        (500, "7", None, None),
        pytest.param(429, formatdate(time.time() + 9000, usegmt=True), 3600, 3600, id="a date to come"),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        (429, "Wed, 99 Oct 99999 07:28:00 GMT", None, None),
    ],
)
def test_when_to_ask_again(
    asked: Any, status: int, said: str, least: float | None, most: float | None
) -> None:
    wait_s = asked(sends(b"{}", status, {"Retry-After": said})).fail().retry_after_s
    assert (wait_s is None) == (least is None)
    assert wait_s is None or (least is not None and most is not None and least <= wait_s <= most)


@pytest.mark.parametrize(
    ("arguments", "step"),
    [
        ('{"hints": []}', {"function": "give_hints", "hints": []}),
        ({"hints": []}, {"function": "give_hints", "hints": []}),
        ("", {"function": "give_hints"}),
        (" {} ", {"function": "give_hints"}),
        ('{"a": {"b": "}"}}', {"function": "give_hints", "a": {"b": "}"}}),
    ],
)
def test_a_call_of_a_tool_is_a_step(asked: Any, arguments: Any, step: Any) -> None:
    assert found(asked(calls("give_hints", arguments, "Let me see.")).ask()) == step


@pytest.mark.parametrize(
    "arguments",
    [
        "[1]",
        '{"function": "x"}',
        '{"f\\u0075nction": "x"}',
        {"a": math.nan},
        '{"a": NaN}',
        "{",
        "}",
        '{"a"',
        "null",
    ],
)
def test_a_broken_call_of_a_tool_is_refused(asked: Any, arguments: str) -> None:
    with pytest.raises(AnswerError, match=r"no JSON object|the answer holds"):
        found(asked(calls("give_hints", arguments)).ask())


def test_an_answer_in_pieces_is_put_together(asked: Any) -> None:
    body = json.dumps(completion('{"hints": []}')).encode()
    assert found(asked(in_pieces(body)).ask()) == {"hints": []}


def test_all_forms_together_take_no_more_than_the_time_for_one(asked: Any) -> None:
    one = asked(refusing("json_schema", then=hangs), timeout_s=0.5)
    assert one.fail().status == "timeout"
    assert one.forms == FORMS[:2]
    assert not one.server.ending.is_set()  # it would have hung on


EARLY = b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("scene", [drips_headers, drips, goes_on(EARLY), goes_on(b"1\r\n \r\n", CHUNKED)])
def test_a_server_that_drips_is_cut_off(asked: Any, scene: Scene) -> None:
    """Each read is in time; the next question has a connection of its own."""
    one = asked(hints(), scene, hints(), timeout_s=0.5)
    one.ask()
    assert one.fail().status == "timeout"
    assert found(one.ask()) == {"hints": []}


@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\n", CHUNKED + b"0\r\n"])
def test_headers_that_do_not_end_are_too_many(asked: Any, first: bytes) -> None:
    """Before the body, or after it."""
    one = asked(goes_on(b"X-More: of them\r\n" * 100, first), hints())
    assert one.fail().status == "unreachable"
    assert found(one.ask()) == {"hints": []}


def test_a_connection_that_opens_too_late_is_cut_off_too(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up of a name may take as long as it likes."""
    one = asked(drips_headers, timeout_s=0.5)
    connect, begun = socket.create_connection, time.monotonic()

    def late(*address: Any, **more: Any) -> socket.socket:
        time.sleep(1)
        return connect(*address, **more)

    monkeypatch.setattr(socket, "create_connection", late)
    assert one.fail().status == "timeout"
    assert time.monotonic() - begun < 20  # of five minutes, until the headers are too many


def test_no_secret_is_told(asked: Any) -> None:
    one = asked(fails(401, f"wrong key {KEY}, password hunter22"), says(f"Your key is {KEY}"))
    host = one.server.url.removeprefix("http://")
    client = Client(Endpoint(f"http://me:hunter%32%32@{host}", "m", KEY), 5)
    with pytest.raises(AnswerError) as error:
        client.ask(ASKED, 500, SCHEMA)
    assert str(error.value) == "HTTP 401: Error code: 401 - wrong key [key], password [key]"
    assert client.ask(ASKED, 500, None).text == "Your key is [key]"
    assert KEY not in repr(client) + repr(vars(client)["_endpoint"])
    client.close()
