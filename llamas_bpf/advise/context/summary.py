"""What stands for evicted messages: made by the model, piece by piece; or, where it cannot, by counting."""

from collections.abc import Callable

from llamas_bpf.advise.context.calls import Calls, Piece
from llamas_bpf.advise.context.fifo import Message
from llamas_bpf.advise.context.tokens import TokenCount
from llamas_bpf.advise.model.answer import AnswerError

#: Of one message: its whole text is in recall storage.
_MESSAGE_CHARS = 600
_CALLS = 4
_LAST_VERDICTS = 3

#: ``render(summary, messages, most_chars)`` is the prompt.
Render = Callable[[str, str, int], str]


class Summariser:
    """Its own prompts are cut to what is sure to fit into ``window_tokens``, its summaries to a bound."""

    def __init__(self, tokens: TokenCount, render: Render, window_tokens: int, most_chars: int) -> None:
        self._tokens, self._render = tokens, render
        self._window_tokens, self._most_chars = window_tokens, most_chars

    def summarise(self, old: str, evicted: list[Message], calls: Calls) -> str:
        """One summary of the old one and of these messages; whatever the model does, there is one."""
        answer_tokens = self._window_tokens // 8
        most_chars = self._room()
        lines = [_line(message) for message in evicted]
        summary = _cut(old, most_chars)
        try:
            for _ in range(_CALLS):
                if not lines:
                    break
                piece = self._first(lines, summary, most_chars, answer_tokens)
                prompt = self._render(summary, "\n".join(lines[:piece]), most_chars)
                pieces: list[Piece] = [("user", prompt)]
                new = calls.ask(pieces, answer_tokens, None, "summary").text.strip()
                if not new:
                    calls.conclude("invalid", "an empty summary")
                    break
                summary, lines = _cut(" ".join(new.split()), most_chars), lines[piece:]
        except AnswerError:
            pass
        return self.counted(summary, evicted[-len(lines) :]) if lines else summary

    def counted(self, old: str, evicted: list[Message]) -> str:
        """Without the model: how much went, and the last verdicts."""
        windows = [message.window for message in evicted]
        verdicts = [
            message.text for message in evicted if message.kind == "event" and "verdict" in message.text
        ]
        told = [f"{len(evicted)} messages of windows {min(windows)} to {max(windows)} are in recall storage."]
        new = " ".join(told + verdicts[-_LAST_VERDICTS:])
        # The older summary gives way: this is recursive, and what is new has to have room.
        half = self._room() // 2
        return f"{_cut(old, half)} {_cut(new, half - 1)}".strip()

    def _room(self) -> int:
        return min(self._most_chars, self._tokens.bytes_for(self._window_tokens // 16))

    def _first(self, lines: list[str], summary: str, most_chars: int, answer_tokens: int) -> int:
        """How many lines one call can take. Raises AnswerError where not even one fits."""
        for count in range(len(lines), 0, -max(1, len(lines) // 16)):
            prompt = self._render(summary, "\n".join(lines[:count]), most_chars)
            if self._tokens.estimate([prompt]) + answer_tokens <= self._window_tokens:
                return count
        raise AnswerError("too_long", "a summary does not fit")


def _line(message: Message) -> str:
    who = "you" if message.role == "assistant" else message.kind
    return f"window {message.window}, {who}: {_cut(' '.join(message.text.split()), _MESSAGE_CHARS)}"


def _cut(text: str, most: int) -> str:
    # Its bytes count; what is not ASCII takes more of them.
    if len(text.encode("utf-8", "replace")) <= most:
        return text
    return text.encode("utf-8", "replace")[: max(0, most - 3)].decode("utf-8", "ignore") + "..."
