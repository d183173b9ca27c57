"""The calls of the model that one question takes: within its budget, each kept as an exchange."""

import itertools
import time
import uuid
from collections.abc import Callable
from typing import Any

from llamas_bpf.advise.confined.messages import Observation
from llamas_bpf.advise.context.tokens import TokenCount
from llamas_bpf.advise.model.answer import AnswerError, Model, Reply
from llamas_bpf.contracts.exchange import Exchange, Status

#: A message as it is sent: role and text.
Piece = tuple[str, str]

#: An answer that may be no longer than that is not worth asking for.
LEAST_ANSWER = 64


class Calls:
    """``exchanges`` in order. ``retry_after_s``: so long the failed server wants to be left alone."""

    def __init__(
        self,
        model: Model,
        tokens: TokenCount,
        observation: Observation,
        prompt_hash: str,
        on_call: Callable[[str], None],
    ) -> None:
        assert observation.question is not None
        self.exchanges: list[Exchange] = []
        self._model, self._tokens, self._observation = model, tokens, observation
        self._question, self._prompt_hash = observation.question, prompt_hash
        self._on_call = on_call
        self._calls, self._spent = 0, 0
        self._kept: AnswerError | None = None  # whose exchange is there
        self.retry_after_s: float | None = None

    def ask(
        self, pieces: list[Piece], most_tokens: int, schema: dict[str, Any] | None, function: str = ""
    ) -> Reply:
        """Raises AnswerError: ``over_budget`` without having asked."""
        texts = [text for _, text in pieces]
        estimate = self._tokens.estimate(texts)
        most_tokens = self._within_budget(estimate, most_tokens)
        prompt, reply = merged(pieces), None
        status: Status = "ok"
        detail = ""
        self._on_call(self._question.id)
        started_ns = time.monotonic_ns()
        try:
            reply = self._model.ask(prompt, most_tokens, schema)
        except AnswerError as error:
            status, detail = error.status, str(error)
            self._kept, self.retry_after_s = error, error.retry_after_s
            raise
        except Exception as error:
            status, detail = "invalid", f"{type(error).__name__}: {error}"
            self._kept = AnswerError(status, detail)
            raise self._kept from None
        finally:
            latency_ns = time.monotonic_ns() - started_ns
            self._keep(prompt, reply, status, detail, latency_ns, function)
            self._calls += 1
            self._spent += (reply and reply.prompt_tokens) or estimate
            self._spent += (reply and reply.completion_tokens) or 0
        if reply.prompt_tokens is not None:
            self._tokens.count(texts, reply.prompt_tokens)
        return reply

    def conclude(self, status: Status, detail: str = "", function: str = "") -> None:
        """What the last call came to."""
        last = self.exchanges[-1]
        changed = {"status": status, "detail": _short(detail), "function": function or last.function}
        self.exchanges[-1] = last.model_copy(update=changed)

    def fail(self, error: Exception) -> None:
        """By this the question ends. What no call came to stands for itself: nothing was sent."""
        if error is not self._kept:
            detail = str(error) if isinstance(error, AnswerError) else f"{type(error).__name__}: {error}"
            self._keep([], None, getattr(error, "status", "invalid"), detail, 0, "")

    def _within_budget(self, estimate: int, most_tokens: int) -> int:
        calls, tokens = self._question.calls, self._question.tokens
        if calls is not None and self._calls >= calls:
            raise AnswerError("over_budget", f"this question may take {calls} calls")
        if tokens is None:
            return most_tokens
        left = tokens - self._spent - estimate
        if left < LEAST_ANSWER:
            needed, there = estimate + LEAST_ANSWER, max(tokens - self._spent, 0)
            raise AnswerError("over_budget", f"the next prompt takes about {needed} tokens, {there} are left")
        return min(most_tokens, left)

    def _keep(
        self,
        prompt: list[dict[str, Any]],
        reply: Reply | None,
        status: Status,
        detail: str,
        latency_ns: int,
        function: str,
    ) -> None:
        self.exchanges.append(
            Exchange(
                id=uuid.uuid4().hex,
                window=self._observation.number,
                model=self._model.model or "unknown",
                prompt_hash=self._prompt_hash,
                prompt=prompt,
                answer=reply.text if reply else None,
                status=status,
                detail=_short(detail),
                latency_ns=latency_ns,
                prompt_tokens=reply.prompt_tokens if reply else None,
                completion_tokens=reply.completion_tokens if reply else None,
                question=self._question.id,
                step=len(self.exchanges),
                function=function,
                known_ids=tuple(self._observation.known_ids),
            )
        )


def merged(pieces: list[Piece]) -> list[dict[str, Any]]:
    """As messages: many chat templates insist that user and assistant take turns."""
    return [
        {"role": role, "content": "\n\n".join(text for _, text in same)}
        for role, same in itertools.groupby(pieces, key=lambda piece: piece[0])
    ]


def _short(detail: str) -> str:
    return detail.encode("utf-8", "replace").decode()[:500]
