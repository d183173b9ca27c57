"""One question to the model, from the situation to checked hints; runs in the worker's thread."""

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llamas_bpf.advise.model import answer
from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.advise.model.prompt import Prompt, Prompts
from llamas_bpf.config import LlmConfig
from llamas_bpf.contracts.exchange import Exchange, Status
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.situation import Situation

if TYPE_CHECKING:
    from llamas_bpf.advise.model.client import Client


@dataclass(frozen=True)
class Asked:
    """An exchange, and the hints that were usable. ``window_end_ns``: of the window that it was about."""

    exchange: Exchange
    window_end_ns: int
    hints: tuple[Hint, ...] = ()
    known_ids: frozenset[str] = frozenset()


class Asker:
    """Never raises: whatever goes wrong is an exchange with its reason."""

    def __init__(self, config: LlmConfig, server: Endpoint, prompts: Prompts) -> None:
        self._config, self._server, self._prompts = config, server, prompts
        self._client: Client | None = None

    def ask(self, situation: Situation) -> Asked:
        """Prompt, question, answer."""
        started_ns = time.monotonic_ns()
        prompt, reply = Prompt([], frozenset()), None
        hints: list[Hint] = []
        status: Status = "ok"
        detail = ""
        try:
            prompt = self._prompts.render(situation)
            reply = self._connected().ask(prompt.messages, self._config.max_answer_tokens, answer.schema())
            hints = list(answer.parse(reply).hints)
            unknown = set().union(*(answer.ids(hint) for hint in hints)) - prompt.known_ids
            if unknown:
                status, detail = "unknown_id", f"not in the prompt: {', '.join(sorted(unknown)[:10])}"
                hints = [hint for hint in hints if not answer.ids(hint) & unknown]
        except AnswerError as error:
            status, detail = error.status, str(error)
        except Exception as error:
            status, detail = "invalid", f"{type(error).__name__}: {error}"
        latency_ns = time.monotonic_ns() - started_ns
        exchange = self._exchange(situation, prompt, reply, status, detail, latency_ns)
        return Asked(exchange, situation.digest.end_ns, tuple(hints), prompt.known_ids)

    def close(self) -> None:
        """Close the connections."""
        if self._client:
            self._client.close()

    def _connected(self) -> "Client":
        """The openai client takes long to import: here, where nobody waits for it."""
        if self._client is None:
            from llamas_bpf.advise.model.client import Client

            self._client = Client(self._server, self._config.timeout_s)
        return self._client

    def _exchange(
        self,
        situation: Situation,
        prompt: Prompt,
        reply: Reply | None,
        status: Status,
        detail: str,
        latency_ns: int,
    ) -> Exchange:
        return Exchange(
            id=uuid.uuid4().hex,
            window=situation.number,
            model=(self._client and self._client.model) or self._server.model or "unknown",
            prompt_hash=self._prompts.hash,
            prompt=prompt.messages,
            answer=reply.text if reply else None,
            status=status,
            detail=detail.encode("utf-8", "replace").decode()[:500],
            latency_ns=latency_ns,
            prompt_tokens=reply.prompt_tokens if reply else None,
            completion_tokens=reply.completion_tokens if reply else None,
        )
