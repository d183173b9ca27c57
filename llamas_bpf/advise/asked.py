"""A question to the model's process, and the exchanges it came to.

That process is not trusted: what the controller itself knows of an exchange is never taken from it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from llamas_bpf.advise.confined.messages import Answered
from llamas_bpf.config import LlmConfig
from llamas_bpf.contracts.exchange import Exchange, Status
from llamas_bpf.contracts.situation import Situation


@dataclass(frozen=True)
class Asked:
    """``known_ids`` are what its prompt gives out. ``model`` None is the server's first, which only the
    process learns. ``at_s`` is CLOCK_MONOTONIC."""

    question: str
    situation: Situation
    known_ids: frozenset[str]
    model: str | None
    prompt_hash: str
    config: LlmConfig
    at_s: float = field(default_factory=time.monotonic)

    def exchanges(self, message: Answered) -> list[Exchange]:
        """Those of its answer; never none."""
        told = message.exchanges or self.lost("invalid", "the model's process made no call")
        if message.hints and not any(map(_was_made, told)):  # hints come of a call, whatever it says
            told = [*told[:-1], told[-1].model_copy(update={"latency_ns": 1})]
        return [
            exchange.model_copy(
                update={
                    "id": f"{self.question}.{number}",
                    "question": self.question,
                    "step": number,
                    "window": self.situation.number,
                    "model": self.model or exchange.model,
                    "prompt_hash": self.prompt_hash,
                    "known_ids": tuple(sorted(self.known_ids)),
                    **self._cost(exchange),
                }
            )
            for number, exchange in enumerate(told)
        ]

    def lost(self, status: Status, detail: str, calls: int = 1) -> list[Exchange]:
        """Nobody knows what was asked in the calls that were begun. One is sure: for nothing, a model that
        makes its client die would ask for ever."""
        one = Exchange(
            id=f"{self.question}.0",
            window=self.situation.number,
            model=self.model or "unknown",
            prompt_hash=self.prompt_hash,
            prompt=[],
            answer=None,
            status=status,
            detail=detail[:500],
            latency_ns=max(1, int((time.monotonic() - self.at_s) * 1e9)),
            question=self.question,
            known_ids=tuple(sorted(self.known_ids)),
        )
        cost = self._cost(one)
        return [
            one.model_copy(update={"id": f"{self.question}.{step}", "step": step, **cost})
            for step in range(max(1, calls))
        ]

    def _cost(self, exchange: Exchange) -> dict[str, int]:
        """What was sent took some time, or it would be counted as never sent; where it is not told, it may
        have been the whole window."""
        if not _was_made(exchange):
            return {}
        taken = {"latency_ns": max(1, exchange.latency_ns)}
        if exchange.prompt:
            return taken
        window = self.config.context.tokens
        answer = min(self.config.max_answer_tokens, window)
        whole = {"prompt_tokens": window - answer, "completion_tokens": answer, "tokens_estimated": True}
        return taken | whole


def _was_made(exchange: Exchange) -> bool:
    return bool(exchange.prompt or exchange.answer is not None or exchange.latency_ns)


def concluded(exchanges: Sequence[Exchange], status: Status, detail: str) -> list[Exchange]:
    """With what the last of them came to after all."""
    last = exchanges[-1].model_copy(update={"status": status, "detail": detail})
    return [*exchanges[:-1], last]
