"""The main context, kept within the model's window (see ``tokens.py``): instructions, core blocks, queue."""

import math
from collections.abc import Callable
from typing import Any

from llamas_bpf.advise.context import situation
from llamas_bpf.advise.context.calls import LEAST_ANSWER, Calls, Piece
from llamas_bpf.advise.context.core import Core
from llamas_bpf.advise.context.fifo import Fifo, Message
from llamas_bpf.advise.context.schema import function_lines, hint_lines
from llamas_bpf.advise.context.summary import Summariser
from llamas_bpf.advise.context.tokens import TokenCount
from llamas_bpf.advise.model.answer import AnswerError
from llamas_bpf.advise.model.templates import Templates
from llamas_bpf.config import LlmConfig

_TOO_SMALL = "the prompt does not fit into the model's window: raise tokens under [llm.context]"
_MEASURED_CHARS, _MEASURED_MARGIN = 2000, 1.25


class Window:
    """``flushes`` counts how often messages were evicted, ``used_tokens`` is of the last prompt."""

    def __init__(
        self,
        config: LlmConfig,
        templates: Templates,
        tokens: TokenCount,
        core: Core,
        queue: Fifo,
        keep: Callable[[Message], None],
    ) -> None:
        self.flushes = 0
        self.used_tokens = 0
        self.core, self.queue = core, queue
        self._config, self._of = config, config.context
        self._templates, self._tokens, self._keep = templates, tokens, keep
        self._lines = {"functions": function_lines(), "hints": hint_lines()}
        self._least_answer = max(LEAST_ANSWER, min(config.max_answer_tokens, self._of.tokens // 8))
        self._warned = self._measured = False
        self._warn_at = self._of.warn_share * self._of.tokens
        self._asked: Message | None = None
        self._shown: dict[str, Any] = {}
        self._summariser = Summariser(tokens, self._summary_prompt, self._of.tokens, self._of.block_chars)

    @property
    def result_chars(self) -> int:
        """How long the result of a function may be; in steps, so that pages stay what they were."""
        chars = self._tokens.bytes_for(self._of.tokens // 8)
        return max(300, chars // 300 * 300)

    def add(self, message: Message) -> None:
        """To the end of the queue, and into recall storage."""
        self.queue.messages.append(message)
        self._keep(message)

    def ask_about(self, window: int, shown: dict[str, Any], calls: Calls) -> None:
        """The situation that the next steps are about; earlier ones become a line. Raises AnswerError."""
        self.queue.retire_situations()
        share = self._of.tokens * self._of.situation_share
        if not (self._tokens.knows or self._measured):
            whole = self._tokens.estimate([self._render_situation(shown)])
            if whole > share or self.used() + whole + self._least_answer > self._of.tokens:
                self._measure(calls)
        text = situation.fitted(shown, self._render_situation, lambda t: self._tokens.likely(t) <= share)
        self._shown, self._asked = shown, Message("user", "situation", window, text)
        self.add(self._asked)

    def pieces(self) -> list[Piece]:
        """The prompt."""
        told: list[Piece] = [
            ("system", self._templates.render("system", self._lines)),
            ("user", self._templates.render("core", {"blocks": self.core.shown()})),
        ]
        if self.queue.summary:
            told.append(("user", f"Summary of what came before: {self.queue.summary}"))
        return told + [(message.role, message.text) for message in self.queue.messages]

    def used(self) -> int:
        """Tokens of the prompt, rather too many than too few."""
        return self._tokens.estimate([text for _, text in self.pieces()])

    def answer_tokens(self) -> int:
        """How long the answer to this prompt may be."""
        self.used_tokens = self.used()
        return min(self._config.max_answer_tokens, self._of.tokens - self.used_tokens)

    def make_room(self, calls: Calls) -> None:
        """Warn, evict, shrink: afterwards prompt and answer fit. Raises AnswerError where they cannot."""
        answer = min(self._config.max_answer_tokens, self._of.tokens // 4)
        used = self.used() + answer
        flush_at, warn_at = (share * self._of.tokens for share in (self._of.flush_share, self._of.warn_share))
        if used > flush_at:
            self._flush(calls, answer)
            self._warned = False
            # Where much is fixed it may still be as full as that: then halfway to the next flush.
            self._warn_at = max(warn_at, (self.used() + answer + flush_at) / 2)
        elif used > self._warn_at:
            self._warn(used)
        elif used <= warn_at:
            self._warned, self._warn_at = False, warn_at
        self._shrink(calls)

    def bound(self) -> None:
        """While nobody asks, the queue must not grow without end either: then no model sums up."""
        while self._tokens.estimate([message.text for message in self.queue.messages]) > self._of.tokens:
            evicted = self.queue.messages[: (len(self.queue.messages) + 1) // 2]
            self.queue.evict(evicted)
            self.flushes += 1
            self.queue.summary = self._summariser.counted(self.queue.summary, evicted)

    def _warn(self, used: int) -> None:
        if not self._warned and self.queue.messages:
            self._warned = True
            self.queue.evict([old for old in self.queue.messages if old.kind == "warning"])
            percent = round(100 * used / self._of.tokens)
            shown = {"used_percent": percent, "blocks": self.core.shown()}
            window = self.queue.messages[-1].window
            self.add(Message("user", "warning", window, self._templates.render("pressure", shown)))

    def _flush(self, calls: Calls, answer: int) -> None:
        """Evict the oldest share of the messages, or more where that is not enough."""
        if not (evictable := self._evictable()):
            return
        sizes = [self._tokens.likely(message.text) for message in evictable]
        too_many = self.used() + answer - self._of.flush_share * self._of.tokens
        wanted = max(self._of.evict_share * sum(sizes), too_many)
        count, size = 0, 0
        while count < len(evictable) and size < wanted:
            size += sizes[count]
            count += 1
        self._evict(evictable[:count], calls)

    def _evictable(self) -> list[Message]:
        """Not the situation in question, nor the last step and its result, which the model has yet to see."""
        messages = self.queue.messages
        last = len(messages) - 2 if len(messages) > 1 and messages[-1].kind == "result" else len(messages)
        return [message for message in messages[:last] if message is not self._asked]

    def _shrink(self, calls: Calls) -> None:
        """All that can go, and then of the situation what must. Raises AnswerError where it is not enough."""
        if not self._fits() and (left := self._evictable()):
            self._evict(left, calls)
        if not self._fits():
            self.queue.summary = ""
        if not self._fits() and (asked := self._asked):

            def render(shown: dict[str, Any]) -> str:
                asked.text = self._render_situation(shown)
                return asked.text

            situation.fitted(self._shown, render, lambda _: self._fits())
        if not self._fits():
            self._tokens.forget()
            raise AnswerError("too_long", _TOO_SMALL)

    def _fits(self) -> bool:
        return self.used() + self._least_answer <= self._of.tokens

    def _evict(self, messages: list[Message], calls: Calls) -> None:
        self.queue.evict(messages)
        self.flushes += 1
        self.queue.summary = self._summariser.summarise(self.queue.summary, messages, calls)

    def _measure(self, calls: Calls) -> None:
        """Nothing has been counted yet, and at worst it would not fit: have the server count a part, and take
        the whole of the instructions for much the same."""
        self._measured = True
        whole = self.pieces()[0][1]
        part = whole[: min(_MEASURED_CHARS, self._of.tokens // 2)]
        reply = calls.ask([("user", part)], LEAST_ANSWER, None, "measure")
        if reply.prompt_tokens is not None:
            share = self._tokens.likely(whole) / self._tokens.likely(part)
            self._tokens.count([whole], math.ceil(_MEASURED_MARGIN * share * reply.prompt_tokens))

    def _render_situation(self, shown: dict[str, Any]) -> str:
        return self._templates.render("situation", shown)

    def _summary_prompt(self, summary: str, messages: str, most_chars: int) -> str:
        shown = {"summary": summary, "messages": messages, "most_chars": most_chars}
        return self._templates.render("summary", shown)
