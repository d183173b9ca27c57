"""Whether a model's server answers, and in which form: told by asking it one tiny question."""

import time
from collections.abc import Callable

from llamas_bpf.advise.model.answer import AnswerError, found
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.as_json import Json

#: A model that is still being loaded takes longer: then this says so.
MOST_S = 5.0

_QUESTION = 'Answer with this JSON object, and nothing around it: {"function": "ready"}'
_SCHEMA: Json = {
    "type": "object",
    "properties": {"function": {"type": "string", "enum": ["ready"]}},
    "required": ["function"],
    "additionalProperties": False,
}
#: A model that thinks before it answers needs some.
_MOST_TOKENS = 500


def probe(endpoint: Endpoint, most_s: float = MOST_S) -> str:
    """The server, the model and what it can do. Raises AnswerError, which says what to do about it."""
    return prepared(endpoint, most_s)()


def prepared(endpoint: Endpoint, most_s: float) -> Callable[[], str]:
    """The same, still to be called: by then all is read from disk that is needed, and nothing asked."""
    client = Client(endpoint, most_s)
    return lambda: _told(endpoint, client)


def _told(endpoint: Endpoint, client: Client) -> str:
    begun_s = time.monotonic()
    try:
        reply = client.ask([{"role": "user", "content": _QUESTION}], _MOST_TOKENS, _SCHEMA)
    except AnswerError as error:
        raise AnswerError(error.status, f"{endpoint}: {error}: {what_to_do(error)}") from None
    finally:
        client.close()
    took_s = time.monotonic() - begun_s
    sentence = f"{_asked(endpoint, client)}: {client.capability}; {took_s:.1f} s for a first short answer"
    try:
        ready = found(reply).get("function") == "ready"
    except AnswerError as error:
        return f"{sentence}, which was of no use: {error}"
    return sentence if ready else f"{sentence}, which was not what it was asked for"


def _asked(endpoint: Endpoint, client: Client) -> str:
    """With the model's name, also where it is the first that the server offers."""
    return str(Endpoint(endpoint.base_url, client.model, endpoint.api_key))


def what_to_do(error: AnswerError) -> str:
    """About a server that did not answer, or not as such a server would."""
    if error.http is None:
        return _TO_DO.get(error.status, "is base_url that of an OpenAI-compatible server? Most end in /v1")
    return _TO_DO.get(error.http, "see the server's own log")


_KEY = "set OPENAI_API_KEY to a key that it takes"
_TO_DO: dict[str | int, str] = {
    "timeout": "it may still be loading its model: ask again, or choose a smaller one",
    "unreachable": "start the server, or correct base_url under [llm] (or OPENAI_BASE_URL)",
    401: _KEY,
    403: _KEY,
    404: "name a model that it has (model under [llm], or OPENAI_MODEL); the address should end in /v1",
    429: "its limit of requests is reached: wait, or raise it there",
}
