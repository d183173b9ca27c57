"""The queue of messages in the window: first in, first out; before all of them stands a summary."""

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant"]
#: ``situation``: what a question is about. ``step``: what the model did, ``result``: what came of it.
#: The rest is told to it: an event of a window, a warning, a note.
Kind = Literal["situation", "step", "result", "event", "warning", "note"]


@dataclass
class Message:
    role: Role
    kind: Kind
    window: int
    text: str


@dataclass
class Fifo:
    """``summary`` stands for all that was evicted."""

    summary: str = ""
    messages: list[Message] = field(default_factory=list)

    def retire_situations(self) -> None:
        """Old tables are big, and no longer true: a line stays of each."""
        for message in self.messages:
            if message.kind == "situation":
                message.kind = "note"
                message.text = f"(window {message.window}: you were asked about the situation then)"

    def evict(self, messages: list[Message]) -> None:
        """Out of the window; who calls has kept them elsewhere."""
        gone = {id(message) for message in messages}
        self.messages = [message for message in self.messages if id(message) not in gone]

    def as_json(self) -> dict[str, Any]:
        """To go on with after a restart."""
        # Not asdict, which copies deeply: this is written often.
        messages = [dict(vars(message)) for message in self.messages]
        return {"summary": self.summary, "messages": messages}

    @classmethod
    def from_json(cls, kept: Any) -> "Fifo":
        """Raises TypeError and KeyError where it is something else."""
        messages = [Message(**message) for message in kept["messages"]]
        return cls(str(kept["summary"]), messages)
