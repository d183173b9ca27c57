"""A model's answer, believed in nothing: found in whatever surrounds it, validated, its ids looked up."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from llamas_bpf.as_json import Json
from llamas_bpf.contracts.exchange import Status
from llamas_bpf.contracts.hint import Hint

#: A long text may hold many braces that begin nothing; so many are tried.
_TRIES = 100
_DIGITS = 40  # of a whole number: no amount of anything here has more
#: What a model thought before it answered; the opening tag may have been part of its prompt. An answer that
#: begins at once may well speak of tags.
_THOUGHTS = re.compile(r"\s*[^\s{`].*</think>", re.DOTALL)


class AnswerError(Exception):
    """No usable answer: ``status`` is the reason it is counted under, the text says more.

    ``context_full``: the messages are more than the model's window holds. ``http``: the server's own status.
    ``retry_after_s``: it asked not to be asked again sooner; at most 3600.
    """

    def __init__(
        self,
        status: Status,
        detail: str,
        context_full: bool = False,
        http: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status: Status = status
        self.context_full = context_full
        self.http = http
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Reply:
    """What the server sent. ``cut``: the model was stopped at the limit of tokens."""

    text: str
    cut: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Model(Protocol):
    """A language model. ``model`` is its name; None until it is known."""

    model: str | None

    @property
    def fallback(self) -> str:
        """How it answers, where it cannot do so by the schema; empty where it can."""

    def ask(self, messages: list[dict[str, Any]], most_tokens: int, schema: Json | None) -> Reply:
        """The answer to these messages, in JSON of this schema if the server can; None: in plain text.

        Raises AnswerError."""


def found(reply: Reply, names: Iterable[str] = ("hints", "function")) -> Json:
    """The last JSON object in a reply with any of these names, bare, in fences or amid prose.

    Raises AnswerError where there is none, and for what only looks like JSON.
    """
    step = None
    for value in _objects(_answer(reply)):
        if value.keys() & set(names):
            step = value
    if step is None:
        wanted = " or ".join(f'"{name}"' for name in names)
        raise _nothing(reply, f"no JSON object with {wanted} in the answer")
    try:
        json.dumps(step, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        _refuse("half of a surrogate pair, which is no character")
    return step


def ids(hint: Hint) -> set[str]:
    """Everything that a hint names."""
    single = (getattr(hint, name, None) for name in ("workload", "device"))
    weighed = getattr(hint, "interleave_weights", None) or ()
    return {name for name in single if name} | {*getattr(hint, "nodes", ()), *(one.node for one in weighed)}


def _answer(reply: Reply) -> str:
    """Without what the model thought: a step that it thought of is none that it takes."""
    text = reply.text.lstrip("\ufeff")
    thoughts = _THOUGHTS.match(text)
    if thoughts:
        return text[thoughts.end() :]
    if text.lstrip().startswith("<think>"):
        raise _nothing(reply, "nothing but thoughts in the answer")
    return text


def _nothing(reply: Reply, why: str) -> AnswerError:
    if reply.cut:
        return AnswerError("too_long", "the answer was cut: raise max_answer_tokens under [llm]")
    return AnswerError("invalid", why)


def _objects(text: str) -> list[Json]:
    """The outermost JSON objects, in order."""
    objects: list[Json] = []
    position = 0
    for _ in range(_TRIES):
        start = text.find("{", position)
        if start < 0:
            break
        try:
            value, position = _DECODER.raw_decode(text, start)
        except RecursionError:
            _refuse("JSON that is nested too deep")
        except ValueError:  # no JSON
            position = start + 1
            continue
        objects.append(value)
    return objects


def _object(pairs: list[tuple[str, Any]]) -> Json:
    value = dict(pairs)
    if len(value) < len(pairs):
        _refuse("a JSON object that says the same thing twice")
    return value


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        _refuse(f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        _refuse("a number that is too large")
    return value


def _constant(word: str) -> NoReturn:
    _refuse(f"{word}, which is no number of JSON")


def _refuse(what: str) -> NoReturn:
    raise AnswerError("invalid", f"the answer holds {what}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant
)
