"""One question to a language model and what came back, kept whole."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal[
    "ok",
    "invalid",
    "unknown_id",
    "stale",
    "timeout",
    "unreachable",
    "http_error",
    "too_long",
    "endless",  # so many steps, and no hints
    "over_budget",  # not asked, or stopped amid its steps
    "died",  # the model's process ended, hung or flooded us
]


_Count = Annotated[int, Field(ge=0, le=1 << 62)]
_Word = Annotated[str, Field(max_length=1000)]


class Exchange(BaseModel):
    """One call of the model. A question may take several: they share ``question``; ``step`` counts from 0.

    ``status`` is ``ok``, or the reason under which a useless answer is counted. ``function`` is what the
    model called. ``known_ids`` are the ids that its prompt gave out; ``window`` is what it was asked about.

    ``prompt`` is the messages as sent, role and content; ``prompt_hash`` names the template's version. Never
    holds a key. ``tokens_estimated``: nobody has counted them. What took no time was never sent.
    Bounded in all, since it comes from a process that is not trusted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: _Word
    window: _Count
    model: _Word
    prompt_hash: _Word
    prompt: list[dict[str, str]]
    answer: str | None
    status: Status
    detail: _Word = ""
    latency_ns: _Count
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None
    tokens_estimated: bool = False
    question: _Word = ""
    step: _Count = 0
    function: _Word = ""
    known_ids: tuple[str, ...] = ()
