"""A model's answer, believed in nothing: found in whatever surrounds it, validated, its ids looked up."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from llamas_bpf.contracts.exchange import Status
from llamas_bpf.contracts.hint import Answer, Hint

#: A long text may hold many braces that begin nothing; so many are tried.
_TRIES = 100


class AnswerError(Exception):
    """No usable answer: ``status`` is the reason it is counted under, the text says more."""

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status: Status = status


@dataclass(frozen=True)
class Reply:
    """What the server sent. ``cut``: the model was stopped at the limit of tokens."""

    text: str
    cut: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Model(Protocol):
    """A language model behind a server."""

    @property
    def model(self) -> str | None:
        """Its name, once it is known."""

    def ask(self, messages: list[dict[str, Any]], most_tokens: int, schema: dict[str, Any] | None) -> Reply:
        """Raises AnswerError. ``schema`` None: plain text is wanted."""


def parse(reply: Reply) -> Answer:
    """The answer in the text: bare, in fences, or amid prose; the last one, where a model thinks aloud."""
    found = _last_object(reply.text, "hints")
    try:
        if found is not None:
            return Answer.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AnswerError("invalid", f"{where[:100]}: {first['msg'][:200]}") from None
    if reply.cut:
        raise AnswerError("too_long", "the answer was cut: raise max_answer_tokens under [llm]")
    raise AnswerError("invalid", 'no JSON object with "hints" in the answer')


def found(reply: Reply) -> dict[str, Any]:
    """The step in the text, as ``parse`` finds an answer; not validated. Raises AnswerError."""
    step: dict[str, Any] | None = _last_object(reply.text, "function", "hints")
    if step is not None:
        return step
    if reply.cut:
        raise AnswerError("too_long", "the answer was cut: raise max_answer_tokens under [llm]")
    raise AnswerError("invalid", 'no JSON object with "function" in the answer')


def ids(hint: Hint) -> set[str]:
    """Everything that a hint names."""
    single = (getattr(hint, name, None) for name in ("workload", "device"))
    weighed = getattr(hint, "interleave_weights", None) or ()
    return {name for name in single if name} | {*getattr(hint, "nodes", ()), *(one.node for one in weighed)}


def _last_object(text: str, *keys: str) -> Any:
    decoder = json.JSONDecoder()
    last, position = None, 0
    for _ in range(_TRIES):
        start = text.find("{", position)
        if start < 0:
            break
        try:
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, nested too deep
            position = start + 1
            continue
        if any(key in value for key in keys):
            last = value
    return last
