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
        told = message.exchanges or [self.lost("invalid", "the model's process made no call")]
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
                    # What was sent took some time, or it would be counted as never sent.
                    "latency_ns": max(exchange.latency_ns, bool(exchange.prompt)),
                }
            )
            for number, exchange in enumerate(told)
        ]

    def lost(self, status: Status, detail: str) -> Exchange:
        """Nobody knows what was asked, nor how often. Once is sure, and may have taken the whole window: for
        nothing, a model that makes its client die would ask for ever."""
        answer = min(self.config.max_answer_tokens, self.config.context.tokens)
        return Exchange(
            id=f"{self.question}.0",
            window=self.situation.number,
            model=self.model or "unknown",
            prompt_hash=self.prompt_hash,
            prompt=[],
            answer=None,
            status=status,
            detail=detail[:500],
            latency_ns=max(1, int((time.monotonic() - self.at_s) * 1e9)),
            prompt_tokens=self.config.context.tokens - answer,
            completion_tokens=answer,
            tokens_estimated=True,
            question=self.question,
            known_ids=tuple(sorted(self.known_ids)),
        )


def concluded(exchanges: Sequence[Exchange], status: Status, detail: str) -> list[Exchange]:
    """With what the last of them came to after all."""
    last = exchanges[-1].model_copy(update={"status": status, "detail": detail})
    return [*exchanges[:-1], last]
