"""One question to an OpenAI-compatible server: bounded in time and size, nothing in its reply believed.

The ``openai`` client's defaults (600 s, two hidden retries, redirects followed) are all set otherwise.
"""

import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import httpx2
import openai
from pydantic import BaseModel, Field, ValidationError

from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.advise.model.cutter import Cutter
from llamas_bpf.advise.model.endpoint import NO_KEY, Endpoint
from llamas_bpf.advise.model.form import Form, refuses, says_full
from llamas_bpf.as_json import Json
from llamas_bpf.contracts.exchange import Status

_MOST_BYTES = 1 << 20
_CONNECT_S = 10.0
_MOST_WAIT_S = 3600.0
_MAY_SAY_WHEN = (429, 503)

#: Said outright, because the client would take an empty OPENAI_BASE_URL for an address.
_OPENAI = "https://api.openai.com/v1"


class _Function(BaseModel):
    name: str
    arguments: str | Json = ""


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    tool_calls: list[_Call] | None = None


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
    """``model`` is None until the server was asked for its first. Used by one thread.

    ``timeout_s`` is for a whole question, in however many forms it has to be put.
    """

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self.model = endpoint.model
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._deadline_s = 0.0
        self._form = Form(newest=endpoint.base_url is None)
        self._cutter = Cutter()
        password = urlsplit(endpoint.base_url or "").password or ""
        secrets = (endpoint.api_key, password, unquote(password))  # as it is written, and as it is sent
        self._secrets = [secret for secret in secrets if secret and secret != NO_KEY]
        self._openai = openai.OpenAI(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url or _OPENAI,
            max_retries=0,
            http_client=httpx2.Client(
                follow_redirects=False,
                headers={"Accept-Encoding": "identity"},
                event_hooks={"request": [self._cutter.watch], "response": [self._bound]},
            ),
        )
        # These import on first use: now, while whoever makes a client can still read the files.
        self._chat = self._openai.chat.completions.with_raw_response
        self._models = self._openai.models.with_raw_response

    @property
    def capability(self) -> str:
        """How the server answers, in words; known after the first question."""
        return self._form.words

    @property
    def fallback(self) -> str:
        """How it answers, where that is not the best that there is."""
        return self._form.fallback

    def ask(self, messages: list[dict[str, Any]], most_tokens: int, schema: Json | None) -> Reply:
        """Raises AnswerError."""
        self._deadline_s = time.monotonic() + self._timeout_s
        try:
            with self._cutter.within(self._timeout_s):
                if self.model is None:
                    self.model = self._first_model()
                body = self._completed(messages, most_tokens, schema)
            completion = _Completion.model_validate_json(body)
        except Exception as error:
            self._raise(error)
        usage = completion.usage or _Usage()
        choice = completion.choices[0]
        return Reply(
            text=self.clean(_text(choice.message)),
            cut=choice.finish_reason == "length",
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
        )

    def clean(self, text: str) -> str:
        """Without the key, should a server echo it, and without what cannot be stored as UTF-8."""
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text.encode("utf-8", "replace").decode()

    def close(self) -> None:
        """Close the connections."""
        self._openai.close()

    def _completed(self, messages: list[dict[str, Any]], most_tokens: int, schema: Json | None) -> bytes:
        """The reply to the best form of the question that the server takes."""
        while True:
            try:
                raw = self._chat.create(
                    model=self.model or "",
                    messages=[],
                    # As they are: the client's own way with many messages takes it tens of milliseconds.
                    extra_body={"messages": messages} | self._form.fields(most_tokens, schema),
                    timeout=self._timeout(),
                )
            except openai.APIStatusError as error:
                said = _said(error)
                if not (refuses(error.status_code, said) and self._form.step_down(said, schema)):
                    raise
            else:
                self._form.taken(schema)
                return raw.content

    def _first_model(self) -> str:
        raw = self._models.list(timeout=self._timeout())
        return self.clean(_Models.model_validate_json(raw.content).data[0].id)

    def _timeout(self) -> httpx2.Timeout:
        """What is left, for each wait."""
        left_s = max(self._deadline_s - time.monotonic(), 0.001)
        return httpx2.Timeout(left_s, connect=min(left_s, _CONNECT_S))

    def _bound(self, response: httpx2.Response) -> None:
        """Sizes are unlimited, and a body that was cut off may look whole."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise AnswerError("invalid", "the reply is compressed, which was not asked for")
        # Whatever it says: some of what Python can decode takes for ever, or raises.
        response.encoding = "utf-8"
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Bounded(response.stream, self._deadline_s)

    def _raise(self, error: Exception) -> NoReturn:
        """As an AnswerError, whatever the clients underneath make of it."""
        if isinstance(error, AnswerError):
            raise error
        if isinstance(error, openai.APIStatusError):
            raise self._http_error(error) from None
        status: Status = "invalid"
        late = time.monotonic() >= self._deadline_s
        match error:
            case openai.APIConnectionError() | httpx2.TransportError() if late or _times_out(error):
                status, detail = "timeout", f"no answer within {self._timeout_s:g} s"
            case openai.APIConnectionError() | httpx2.TransportError():
                status, detail = "unreachable", f"cannot reach {self._endpoint}: {error.__cause__ or error}"
            case ValidationError():
                detail = "the reply is not what an OpenAI-compatible server sends"
            case _:
                detail = f"{type(error).__name__}: {error}"
        raise AnswerError(status, self.clean(detail)[:500]) from None

    def _http_error(self, error: openai.APIStatusError) -> AnswerError:
        code = error.status_code
        detail = self.clean(f"HTTP {code}: {error.message}")[:500]
        if says_full(code, _said(error)):
            return AnswerError("too_long", detail, context_full=True, http=code)
        return AnswerError("http_error", detail, http=code, retry_after_s=_retry_after_s(error.response))


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
            self._check_time()
            yield chunk
        self._check_time()

    def close(self) -> None:
        self._stream.close()

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline_s:
            raise AnswerError("timeout", "the reply did not end in time")


def _times_out(error: Exception) -> bool:
    return isinstance(error, openai.APITimeoutError | httpx2.TimeoutException)


def _text(message: _Message) -> str:
    """What the model said. A call of a tool, which it was not offered, is a step like any other."""
    if not message.tool_calls:
        return message.content or ""
    function = message.tool_calls[0].function
    arguments = function.arguments
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments)
    arguments = arguments.strip() or "{}"
    if not arguments.startswith("{"):
        return arguments
    # Put together as text, so that whatever is in it is checked as all answers are.
    inside = arguments[1:].lstrip()
    comma = "" if inside.startswith("}") else ", "
    return f'{{"function": {json.dumps(function.name)}{comma}{inside}'


def _said(error: openai.APIStatusError) -> str:
    """What the server gave as its reason, in whatever shape."""
    return error.response.text


def _retry_after_s(response: httpx2.Response) -> float | None:
    """Seconds, or a date (RFC 9110): at most an hour, whatever the server says."""
    said = response.headers.get("Retry-After", "").strip()
    if response.status_code not in _MAY_SAY_WHEN or not said:
        return None
    try:
        wait_s = float(said) if said.isdecimal() else parsedate_to_datetime(said).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(wait_s, 0.0), _MOST_WAIT_S)
