"""The form of a request: what of it a server takes is learned from what it refuses.

No call is spent on finding out. The first question is put in the best form; a server that refuses that is
asked the same once more in the next, down to plain text, and what it took is kept to.
"""

import re
from typing import Any

from llamas_bpf.as_json import Json

#: The HTTP statuses with which servers say that they do not know a part of a request.
_REFUSALS = frozenset({400, 404, 415, 422, 501})

#: Whose words say that the messages do not fit: rate limits and keys are told of in much the same ones.
_NOT_ABOUT_SIZE = frozenset({401, 403, 429})
#: As OpenAI, vLLM, llama.cpp, LM Studio, Mistral, TGI, Anthropic and Gemini put it.
_FULL = re.compile(
    r"context[ _-]?(?:length|size|window)|context.{0,20}overflow|prompt is too long"
    r"|maximum context|too many (?:input )?tokens|max_new_tokens. must be"
    r"|(?:token count|tokens).{0,80}exceeds?.{0,40}maximum|too large for model",
    re.IGNORECASE | re.DOTALL,
)

#: The best first, in words for ``doctor``.
_FORMATS = (
    "answers by JSON schema",
    "answers by JSON schema, in llama.cpp's form",
    "JSON mode only (the schema is asked for in the prompt)",
    "plain text (JSON is asked for in the prompt)",
)
_LIMITS = ("max_tokens", "max_completion_tokens")
_DROPPED = {"title", "default", "description", "discriminator", "minLength", "maxLength", "maxItems"}


def refuses(status: int, body: str) -> bool:
    """Whether an HTTP error is about the request's form; llama-cpp-python tells of that with a 500."""
    named = any(name in body for name in ("response_format", *_LIMITS))
    return (status in _REFUSALS or (status == 500 and named)) and not says_full(status, body)


def says_full(status: int, body: str) -> bool:
    """Whether an HTTP error means that the messages are more than the model's window holds."""
    return status >= 400 and status not in _NOT_ABOUT_SIZE and bool(_FULL.search(body[:2000]))


def portable(schema: Any) -> Any:
    """Pydantic's schema, kept to what OpenAI, vLLM and llama.cpp all take: ``anyOf`` without discriminators,
    and no long repetitions."""
    if isinstance(schema, list):
        return [portable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: each for key, each in schema.items() if key not in _DROPPED or key == "properties"}
    simple = {
        "anyOf" if key == "oneOf" else key: portable(each)
        for key, each in kept.items()
        if key != "properties"
    }
    if "properties" in schema:
        simple["properties"] = {name: portable(each) for name, each in schema["properties"].items()}
    return simple


class Form:
    """``newest``: it is OpenAI's own server, whose models refuse max_tokens; others may know nothing else."""

    def __init__(self, newest: bool) -> None:
        self._limits = tuple(reversed(_LIMITS)) if newest else _LIMITS
        self._limit = 0
        self._format = 0
        self._settled = False

    @property
    def words(self) -> str:
        """What the server can do."""
        return _FORMATS[self._format] if self._settled else "not asked yet"

    @property
    def fallback(self) -> str:
        """The same, where it is not the best form; else empty."""
        return self.words if self._settled and self._format else ""

    def fields(self, most_tokens: int, schema: Json | None) -> Json:
        """This form's part of a request's body; without a schema, plain text is what is wanted. A schema is
        to have no long repetitions: llama.cpp makes a grammar of it, and breaks down over 8,192 CPUs."""
        limit = {self._limits[self._limit]: most_tokens}
        if schema is None:
            return limit
        formats: tuple[Json, ...] = (
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
            {"type": "json_object", "schema": schema},
            {"type": "json_object"},
        )
        return limit | ({"response_format": formats[self._format]} if self._format < len(formats) else {})

    def taken(self, schema: Json | None) -> None:
        """The server took it: this stays."""
        self._settled = self._settled or schema is not None

    def step_down(self, body: str, schema: Json | None) -> bool:
        """The server refused it, saying this. False: there is no other form, and the next question begins
        at the top again. What once was taken is not the reason of a refusal now."""
        about_limit = "response_format" not in body and any(name in body for name in _LIMITS)
        if about_limit and self._limit == 0:
            self._limit = 1
            return True
        if not about_limit and schema is not None and not self._settled and self._format < len(_FORMATS) - 1:
            self._format += 1
            return True
        self._limit, self._format, self._settled = 0, 0, False
        return False
