"""One question to an OpenAI-compatible server: bounded in time and size, nothing in its reply believed.

The ``openai`` client's defaults (600 s, two hidden retries, redirects followed) are all set otherwise.
"""

import time
from collections.abc import Iterator
from typing import Any, NoReturn

import httpx2
import openai
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from pydantic import BaseModel, Field, ValidationError

from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.advise.model.endpoint import NO_KEY, Endpoint
from llamas_bpf.contracts.exchange import Status
from llamas_bpf.contracts.hint import Answer

_MOST_BYTES = 1 << 20

#: Said outright, because the client would take an empty OPENAI_BASE_URL for an address.
_OPENAI = "https://api.openai.com/v1"


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = Field(default=None, ge=0, le=1 << 40)
    completion_tokens: int | None = Field(default=None, ge=0, le=1 << 40)


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class _Model(BaseModel):
    id: str = Field(min_length=1, max_length=200)


class _Models(BaseModel):
    data: list[_Model] = Field(min_length=1)


class Client:
    """``model`` is None until the server was asked for its first. Used by one thread."""

    def __init__(self, endpoint: Endpoint, timeout_s: float, max_answer_tokens: int) -> None:
        self.model = endpoint.model
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._deadline_s = 0.0
        # OpenAI's newer models refuse max_tokens; many other servers know nothing else.
        limit = "max_tokens" if endpoint.base_url else "max_completion_tokens"
        self._limit: dict[str, Any] = {limit: max_answer_tokens}
        self._openai = openai.OpenAI(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url or _OPENAI,
            timeout=timeout_s,
            max_retries=0,
            http_client=httpx2.Client(
                follow_redirects=False,
                timeout=timeout_s,
                headers={"Accept-Encoding": "identity"},
                event_hooks={"response": [self._bound]},
            ),
        )

    def ask(self, messages: list[dict[str, Any]]) -> Reply:
        """Raises AnswerError."""
        self._deadline_s = time.monotonic() + self._timeout_s
        try:
            if self.model is None:
                self.model = self._first_model()
            raw = self._openai.chat.completions.with_raw_response.create(
                model=self.model,
                messages=_typed(messages),
                response_format=_ANSWER_FORMAT,
                extra_body=self._limit,
            )
            completion = _Completion.model_validate_json(raw.content)
        except Exception as error:
            self._raise(error)
        usage = completion.usage or _Usage()
        choice = completion.choices[0]
        return Reply(
            text=self.clean(choice.message.content or ""),
            cut=choice.finish_reason == "length",
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
        )

    def clean(self, text: str) -> str:
        """Without the key, should a server echo it, and without what cannot be stored as UTF-8."""
        if self._endpoint.api_key != NO_KEY:
            text = text.replace(self._endpoint.api_key, "[key]")
        return text.encode("utf-8", "replace").decode()

    def close(self) -> None:
        """Close the connections."""
        self._openai.close()

    def _first_model(self) -> str:
        raw = self._openai.models.with_raw_response.list()
        return self.clean(_Models.model_validate_json(raw.content).data[0].id)

    def _bound(self, response: httpx2.Response) -> None:
        """Time-outs are per read, sizes unlimited: a server that drips, or never ends, is stopped."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise AnswerError("invalid", "the reply is compressed, which was not asked for")
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Bounded(response.stream, self._deadline_s)

    def _raise(self, error: Exception) -> NoReturn:
        """As an AnswerError, whatever the clients underneath make of it."""
        if isinstance(error, AnswerError):
            raise error
        status: Status = "invalid"
        match error:
            case openai.APITimeoutError() | httpx2.TimeoutException():
                status, detail = "timeout", f"no answer within {self._timeout_s:g} s"
            case openai.APIStatusError():
                status, detail = "http_error", f"HTTP {error.status_code}: {error.message}"
            case openai.APIConnectionError() | httpx2.TransportError():
                status, detail = "unreachable", f"cannot reach {self._endpoint}: {error.__cause__ or error}"
            case ValidationError():
                detail = "the reply is not what an OpenAI-compatible server sends"
            case _:
                detail = f"{type(error).__name__}: {error}"
        raise AnswerError(status, self.clean(detail)[:500]) from None


class _Bounded(httpx2.SyncByteStream):
    """A response's body that ends at a size and at a time (seconds of ``time.monotonic``)."""

    def __init__(self, stream: httpx2.SyncByteStream, deadline_s: float) -> None:
        self._stream = stream
        self._deadline_s = deadline_s

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > _MOST_BYTES:
                raise AnswerError("too_long", f"the reply is longer than {_MOST_BYTES} bytes")
            if time.monotonic() > self._deadline_s:
                raise AnswerError("timeout", "the reply did not end in time")
            yield chunk

    def close(self) -> None:
        self._stream.close()


_ANSWER_FORMAT: ResponseFormatJSONSchema = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": Answer.model_json_schema()},
}


def _typed(messages: list[dict[str, Any]]) -> list[ChatCompletionMessageParam]:
    return messages  # type: ignore[return-value]
