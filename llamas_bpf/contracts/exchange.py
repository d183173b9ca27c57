"""One question to a language model and what came back, kept whole."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["ok", "invalid", "unknown_id", "stale", "timeout", "unreachable", "http_error", "too_long"]


class Exchange(BaseModel):
    """``status`` is ``ok``, or the reason under which a useless answer is counted.

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
