"""What goes down the pipe to the model's process, and what comes up: nothing else does.

Both sides check what they get against these models. Names from the system are already quoted and shortened.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from llamas_bpf.config import LlmConfig
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Hint

Json = dict[str, Any]


#: What there is to say of a process: the last sentences, each a line. Whoever sends more says as much.
_MOST_NOTES, _NOTE_CHARS = 8, 300


def _last_notes(told: list[str]) -> list[str]:
    return [note[:_NOTE_CHARS] for note in told[-_MOST_NOTES:]]


_Notes = Annotated[list[str], AfterValidator(_last_notes)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(_Message):
    """Something to read at leisure: a device's text, an operator's note. Goes to archival storage."""

    source: str
    text: str


class Start(_Message):
    """The first message down. ``templates``: the prompts' texts by name, read and tried by the controller.
    ``base_url`` None is OpenAI's own service; the key comes by a descriptor of its own, never here. ``run``
    names this start of the controller: ids such as w3 mean nothing beyond it."""

    kind: Literal["start"] = "start"
    base_url: str | None
    model: str | None
    config: LlmConfig
    templates: dict[str, str]
    documents: list[Document] = []
    run: str = ""


class Event(_Message):
    """One line of history: a hint, a refusal, what was written, taken back or judged, in words; or how much
    of that had no room.

    ``workload`` is the id, where there is one, and ``name`` its name, quoted. ``window``: its own,
    where it is told with a later one."""

    kind: Literal["hint", "refusal", "action", "restored", "verdict", "left_out"]
    decision: int | None
    workload: str | None
    name: str | None
    text: str
    window: int | None = None


class Question(_Message):
    """Asks about the window it comes with. ``calls`` and ``tokens``: what it may come to."""

    id: str
    calls: int | None = None
    tokens: int | None = None


class Observation(_Message):
    """One window. ``records``: the whole records of the workloads that matter most. ``shown``: the variables
    of the prompt (see ``model/prompt.py``) and ``known_ids`` the ids that it gives out: only with a question.
    ``end_ns`` is CLOCK_MONOTONIC, ``at_s`` since the epoch."""

    kind: Literal["observation"] = "observation"
    number: int
    end_ns: int
    at_s: float
    machine: Json
    records: list[Json]
    events: list[Event] = []
    shown: Json | None = None
    known_ids: list[str] = []
    question: Question | None = None


Down = Annotated[Start | Observation, Field(discriminator="kind")]


class Ready(_Message):
    """The process has given up its rights and opened its memory. ``notes``: what it has to say of that."""

    kind: Literal["ready"] = "ready"
    notes: _Notes = []


class Asking(_Message):
    """A call of the model begins, of this question."""

    kind: Literal["asking"] = "asking"
    question: str = Field(max_length=100)


class Answered(_Message):
    """What came of a question: each call of the model, in order, and the hints that were usable.
    ``retry_after_s``: its server asked not to be asked again sooner."""

    kind: Literal["answered"] = "answered"
    question: str
    exchanges: Annotated[list[Exchange], Field(max_length=1000)]
    hints: Annotated[list[Hint], Field(max_length=64)] = []
    retry_after_s: float | None = Field(default=None, ge=0, le=3600)


class Figures(_Message):
    """How the context is: see ``contracts/model_figures.py``. ``notes``: what has gone wrong so far."""

    kind: Literal["figures"] = "figures"
    context_tokens: int = Field(ge=0, le=1 << 40)
    flushes: int = Field(ge=0, le=1 << 40)
    recalled_entries: int = Field(ge=0, le=1 << 40)
    notes: _Notes = []


class Failed(_Message):
    """It cannot go on, and why: the last message up."""

    kind: Literal["failed"] = "failed"
    sentence: str = Field(max_length=1000)


Up = Annotated[Ready | Asking | Answered | Figures | Failed, Field(discriminator="kind")]

DOWN: TypeAdapter[Down] = TypeAdapter(Down)
UP: TypeAdapter[Up] = TypeAdapter(Up)
