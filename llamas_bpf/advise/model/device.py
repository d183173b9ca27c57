"""A device's text, read by a language model: it claims, in a few bounded questions; grounding decides.

What the server sends is parsed by a child without rights, which hands back claims of a fixed form.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from llamas_bpf import policies
from llamas_bpf.advise.model.answer import AnswerError, Reply, found
from llamas_bpf.advise.model.aside import aside
from llamas_bpf.advise.model.capability import what_to_do
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.device_claims import Said, claims, heard, schema, vocabulary
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.advise.model.templates import rendered
from llamas_bpf.config import Config, read_trusted
from llamas_bpf.contracts.exchange import Status
from llamas_bpf.contracts.profile import DeviceProfile, Doubt
from llamas_bpf.machine.texts import grounding
from llamas_bpf.machine.texts.text import DeviceText

_MOST_QUESTIONS = 16  # about one text: enough for the longest
_LEAST_PART_BYTES = 500
_MOST_BYTES = 60_000  # of what the child says: less than ``aside`` lets through

_AGAIN = "ask again, or ask a larger model"
#: What templates of chats are made of; engines may take it for the end of the message.
_MARKUP = re.compile(r"<(?=[|/A-Za-z])")


class _Failure(BaseModel):
    status: Status
    detail: str = Field(max_length=1000)
    too_much: bool  # for one question: half of it may do


class _Heard(BaseModel):
    """What came of one question."""

    model: str | None = Field(default=None, max_length=200)
    said: list[Said] = []
    doubts: list[Doubt] = []
    failure: _Failure | None = None


def read(
    endpoint: Endpoint, text: DeviceText, timeout_s: float | None = None, config: Config | None = None
) -> DeviceProfile:
    """What the model claims and the text bears out. ``timeout_s`` is for each question, else that of [llm].

    A long text takes several, 16 at most; that the rest was not read is a doubt then. Raises AnswerError,
    which says what to do, and ConfigError for the prompt.
    """
    config = config or Config()
    timeout_s = timeout_s or config.llm.timeout_s
    path = policies.find(config, "prompts/device.j2")
    system = rendered(path, read_trusted(path), vocabulary())
    answer_tokens = config.llm.max_answer_tokens
    # Prose is three or four bytes a token: the rest is for the instructions.
    part_bytes = max(config.llm.context.tokens - answer_tokens, _LEAST_PART_BYTES)
    waiting = deque(_parts(text.body, part_bytes))
    model = endpoint.model
    said: list[Said] = []
    doubts: list[Doubt] = []
    client = Client(endpoint, timeout_s)
    try:
        for _ in range(_MOST_QUESTIONS):
            if not waiting:
                break
            part = waiting.popleft()
            answer = _asked_aside(client, endpoint, _messages(system, part), answer_tokens, timeout_s)
            if answer.failure and answer.failure.too_much and len(part) > _LEAST_PART_BYTES:
                waiting.extendleft(reversed([*_parts(part, len(part.encode()) // 2 + 1)]))
            elif answer.failure:
                raise AnswerError(answer.failure.status, f"{endpoint}: {answer.failure.detail}")
            model, said, doubts = answer.model or model, said + answer.said, doubts + answer.doubts
    finally:
        client.close()
    if waiting:
        why = f"not read by the model: the text is longer than {_MOST_QUESTIONS} questions can hold"
        doubts.append(grounding.doubt("text", waiting[0], why))
    sure, unclear = claims(said)
    return grounding.profile(text, model or "model", sure, [*unclear, *doubts])


def _parts(text: str, most_bytes: int) -> Iterator[str]:
    """At the end of a paragraph, else of a line or a word, where there is one in the later half."""
    while text:
        part = text[:most_bytes].encode()[:most_bytes].decode(errors="ignore")
        ends = (part.rfind(mark, len(part) // 2) + len(mark) for mark in ("\n\n", "\n", " ") if mark in part)
        if len(part) < len(text):
            part = part[: next((end for end in ends if end > len(part) // 2), len(part))]
        yield part
        text = text[len(part) :]


def _messages(system: str, part: str) -> list[dict[str, Any]]:
    lines = "".join(f"> {line}\n" for line in _MARKUP.sub("< ", part).splitlines())
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": f"The text, or a part of it:\n{lines}"},
    ]


def _asked_aside(
    client: Client, endpoint: Endpoint, messages: list[dict[str, Any]], tokens: int, timeout_s: float
) -> _Heard:
    shape = schema()  # made here: the child has only what is in memory already

    def asked() -> str:
        answer = _asked(client, messages, tokens, shape)
        while len((said := answer.model_dump_json()).encode()) > _MOST_BYTES:
            (answer.doubts or answer.said).pop()
        return said

    try:
        told = aside(asked, timeout_s + 1)
    except OSError as error:
        raise AnswerError("died", f"{endpoint}: cannot be asked by a child without rights: {error}") from None
    try:
        return _Heard.model_validate_json(told or "")
    except ValidationError:
        why = f"no answer within {timeout_s:g} s that could be read: see the server's own log"
        raise AnswerError("died", f"{endpoint}: {why}") from None


def _asked(client: Client, messages: list[dict[str, Any]], tokens: int, shape: Any) -> _Heard:
    reply: Reply | None = None
    try:
        reply = client.ask(messages, tokens, shape)
        said, doubts = heard(found(reply, ["claims"]))
    except AnswerError as error:
        to_do = what_to_do(error) if reply is None else _AGAIN
        if error.status == "timeout":
            to_do += ", or raise timeout_s under [llm]"
        too_much = error.context_full or bool(reply and reply.cut)
        failure = _Failure(status=error.status, detail=f"{error}: {to_do}", too_much=too_much)
        return _Heard(failure=failure)
    return _Heard(model=client.model, said=said, doubts=doubts)
