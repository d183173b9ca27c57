"""A model's answer, believed in nothing: found in whatever surrounds it, validated, its ids looked up."""

import json
from dataclasses import dataclass
from typing import Any

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


def parse(reply: Reply) -> Answer:
    """The answer in the text: bare, in fences, or amid prose; the last one, where a model thinks aloud."""
    found = _last_answer(reply.text)
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


def ids(hint: Hint) -> set[str]:
    """Everything that a hint names."""
    single = (getattr(hint, name, None) for name in ("workload", "device"))
    weighed = getattr(hint, "interleave_weights", None) or ()
    return {name for name in single if name} | {*getattr(hint, "nodes", ()), *(one.node for one in weighed)}


def _last_answer(text: str) -> Any:
    decoder = json.JSONDecoder()
    found, position = None, 0
    for _ in range(_TRIES):
        start = text.find("{", position)
        if start < 0:
            break
        try:
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, nested too deep
            position = start + 1
            continue
        if "hints" in value:
            found = value
    return found
