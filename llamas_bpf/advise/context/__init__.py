"""What the model sees and remembers: so far one question, one answer, and no memory."""

import time
from pathlib import Path

from llamas_bpf.advise.confined.messages import Answered, Figures, Observation, Start
from llamas_bpf.advise.model import answer
from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.prompt import Templates
from llamas_bpf.contracts.exchange import Exchange, Status
from llamas_bpf.contracts.hint import Hint


class Context:
    """Never raises: whatever goes wrong is an exchange with its reason."""

    def __init__(self, model: Client, start: Start, database: Path) -> None:
        self._model, self._start = model, start
        self._templates = Templates(start.templates)
        self._tokens = 0

    def observe(self, observation: Observation) -> None:
        """Nothing is kept yet."""

    def answer(self, observation: Observation) -> Answered:
        """Prompt, question, answer."""
        assert observation.question
        started_ns = time.monotonic_ns()
        messages, reply = self._templates.messages(observation.shown or {}), None
        known = set(observation.known_ids)
        hints: list[Hint] = []
        status: Status = "ok"
        detail = ""
        try:
            reply = self._model.ask(messages)
            hints = list(answer.parse(reply).hints)
            unknown = set().union(*(answer.ids(hint) for hint in hints)) - known
            if unknown:
                status, detail = "unknown_id", f"not in the prompt: {', '.join(sorted(unknown)[:10])}"
                hints = [hint for hint in hints if not answer.ids(hint) & unknown]
        except AnswerError as error:
            status, detail = error.status, str(error)
        except Exception as error:
            status, detail = "invalid", f"{type(error).__name__}: {error}"
        reply = reply or Reply("")
        exchange = Exchange(
            id="0",
            window=observation.number,
            model=self._model.model or self._start.model or "unknown",
            prompt_hash=self._templates.hash,
            prompt=messages,
            answer=reply.text or None,
            status=status,
            detail=detail.encode("utf-8", "replace").decode()[:500],
            latency_ns=time.monotonic_ns() - started_ns,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            question=observation.question.id,
            function="give_hints" if status == "ok" else "",
            known_ids=tuple(observation.known_ids),
        )
        self._tokens = reply.prompt_tokens or 0
        return Answered(
            question=observation.question.id,
            window=observation.number,
            end_ns=observation.end_ns,
            exchanges=[exchange],
            hints=hints,
            known_ids=observation.known_ids,
        )

    def figures(self) -> Figures:
        """How full the window was."""
        return Figures(context_tokens=self._tokens, flushes=0, recalled_entries=0)
