"""One question to a language model and what came back, kept whole."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

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
    "over_budget",  # stopped amid its steps
    "died",  # the model's process ended, hung or flooded us
]


class Exchange(BaseModel):
    """One call of the model. A question may take several: they share ``question``; ``step`` counts from 0.

    ``status`` is ``ok``, or the reason under which a useless answer is counted. ``function`` is what the
    model called. ``known_ids`` are the ids that its prompt gave out; ``window`` is what it was asked about.

    ``prompt`` is the messages as sent; ``prompt_hash`` names the template's version. Never holds a key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    window: int
    model: str
    prompt_hash: str
    prompt: list[dict[str, Any]]
    answer: str | None
    status: Status
    detail: str = ""
    latency_ns: int
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    question: str = ""
    step: int = 0
    function: str = ""
    known_ids: tuple[str, ...] = ()
