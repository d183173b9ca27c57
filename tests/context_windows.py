"""A model's context for tests: a model that counts tokens in its own way, and windows to tell it of."""

import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from situations import hot, situation, stream

from llamas_bpf.advise.confined.messages import Document, Event, Observation, Question, Start
from llamas_bpf.advise.context.conversation import Context
from llamas_bpf.advise.model.answer import Reply
from llamas_bpf.advise.model.prompt import Prompts, variables
from llamas_bpf.advise.model.quoting import quoted
from llamas_bpf.config import Config, LlmConfig
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import machine_features, workload_features

Messages = list[dict[str, Any]]
#: What a model answers to these messages; ``schema`` is None where plain text is wanted.
Play = Callable[[Messages, dict[str, Any] | None], str]

PROMPTS = Prompts(Config())
NOTHING = '{"function": "give_hints", "hints": []}'
#: Tokens of a chat template's markup around each message.
_MARKUP = 6


def by_chars(chars: float) -> Callable[[str], float]:
    """A tokenizer for which so many characters are a token."""
    return lambda text: len(text) / chars


def by_byte(text: str) -> float:
    """A tokenizer that knows bytes only."""
    return len(text.encode())


def dense(text: str) -> float:
    """A tokenizer that has many words, but takes numbers and signs one by one."""
    return len(re.findall(r"[A-Za-z]{1,6}|[^A-Za-z ]| +", text))


class Scripted:
    """Plays; and holds every prompt, with the longest answer that it may give, against its window."""

    model: str | None = "scripted"
    fallback = ""

    def __init__(self, play: Play, count: Callable[[str], float] | None = None, usage: bool = True) -> None:
        self.play = play
        self.window = 0  # set by ``context``
        self.prompts: list[Messages] = []
        self.schemas: list[Any] = []
        self.fullest = 0
        self._count, self._usage = count or by_chars(4), usage

    @property
    def asking(self) -> list[Messages]:
        """The prompts that want a step: not those that want a summary."""
        return [prompt for prompt, schema in zip(self.prompts, self.schemas, strict=True) if schema]

    def tokens(self, messages: Messages) -> int:
        return math.ceil(sum(self._count(message["content"]) + _MARKUP for message in messages))

    def ask(self, messages: Messages, most_tokens: int, schema: dict[str, Any] | None) -> Reply:
        tokens = self.tokens(messages)
        assert most_tokens >= 64
        assert tokens + most_tokens <= self.window, f"{tokens} + {most_tokens} tokens"
        self.fullest = max(self.fullest, tokens + most_tokens)
        self.prompts.append(messages)
        self.schemas.append(schema)
        text = self.play(messages, schema)
        told = (tokens, math.ceil(self._count(text))) if self._usage else (None, None)
        return Reply(text, False, *told)


def script(*answers: str) -> Play:
    """These answers one after another, the last again and again; ``sums up`` where a summary is wanted."""
    left = list(answers)

    def play(messages: Messages, schema: dict[str, Any] | None) -> str:
        if schema is None:
            return f"sums up {len(messages[0]['content'])} characters"
        return left.pop(0) if len(left) > 1 else left[0]

    return play


def step(function: str, **arguments: Any) -> str:
    """A step that asks for the next one."""
    return json.dumps({"function": function, "request_heartbeat": True} | arguments)


def start(documents: Sequence[Document] = (), run: str = "", **config: Any) -> Start:
    """``config`` goes to the context's; ``max_answer_tokens`` to the model's."""
    most = config.pop("max_answer_tokens", 2000)
    llm = LlmConfig.model_validate({"max_answer_tokens": most, "context": config})
    return Start(
        base_url=None, model=None, config=llm, templates=PROMPTS.texts, documents=list(documents), run=run
    )


def context(play: Play | Scripted, path: Path, **config: Any) -> Context:
    """With the database ``path/memory.db``. The window is large enough to need no measuring at first."""
    model = play if isinstance(play, Scripted) else Scripted(play)
    config = {"tokens": 16_000} | config
    model.window = config["tokens"]
    return Context(model, start(**config), path / "memory.db")


def observation(
    number: int = 1,
    of: Situation | None = None,
    events: Sequence[Event] = (),
    asks: bool = True,
    **budget: Any,
) -> Observation:
    """A window as the controller tells of it; of ``hot`` (w1) and ``stream`` (w2), unless of another."""
    of = of or situation([hot(), stream()], number=number)
    shown, known = variables(of, Config().llm.history_windows)
    records = [workload_features(of.digest, of.machine, row) for row in range(len(of.digest.workloads))]
    for record in records:
        record["name"] = quoted(record["name"])
    return Observation(
        number=number,
        end_ns=number * 10**9,
        at_s=1e9 + number,
        machine=machine_features(of.digest, of.machine),
        records=records,
        events=list(events),
        shown=shown if asks else None,
        known_ids=sorted(known) if asks else [],
        question=Question(id=f"q{number}", **budget) if asks else None,
    )


def event(text: str, kind: Any = "verdict", decision: int | None = 7, workload: str | None = "w1") -> Event:
    return Event(kind=kind, decision=decision, workload=workload, name=workload and '"hot"', text=text)


def decided(number: int) -> list[Any]:
    return [
        event(f"place_memory on node{number % 3}: because of reason {number * 7919}", "hint", number),
        event(f"node{number % 3} is full, said check {number * 104729}", "refusal", number, "w2"),
        event(f"run time rose by {number}", "verdict", number),
    ]


def asked(of: Context, about: Observation) -> Any:
    """Tell of a window, and have its question answered."""
    of.observe(about)
    return of.answer(about)


def results(messages: Messages) -> list[Any]:
    """What the functions have given so far, oldest first, as far as it is in the window."""
    texts = "\n\n".join(message["content"] for message in messages if message["role"] == "user").split("\n\n")
    found = [text.strip().removeprefix("Result: ") for text in texts if text.strip().startswith("Result: ")]
    return [json.loads(text) for text in found if text[0] == "{"]


def talkative(messages: Messages, schema: dict[str, Any] | None) -> str:
    """Uses every function, in an order that depends on what it is told."""
    if schema is None:
        return "Long ago " + "it was decided that w1 belongs on node0; " * 100
    count = len(results(messages))
    number = len(json.dumps(messages))
    steps = [
        step("workload_detail", workload="w1", page=1 + number % 2),
        step("core_memory_append", block="lessons", text=f"lesson {number}"),
        step("conversation_search", query=f"decision {number % 100} helped", page=1),
        step("archival_memory_insert", text=f"note {number} " * 20),
        step("core_memory_replace", block="lessons", old="lesson", new="l"),
        step("archival_memory_search", query="note"),
        step("device_profile", device="node1"),
        "I think " * 200,
    ]
    return NOTHING if number % 4 == 0 else steps[(number + count) % len(steps)]
