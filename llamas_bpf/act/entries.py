"""The journal's lines. Each is checked against these models when read: a target is typed, never a path."""

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

from llamas_bpf.contracts.action import Action, Target


class _Frozen(BaseModel):
    # JSON has no infinity: one that was read could not be written again when the journal is shortened.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_FIGURE = r"^[0-9]{0,10}$"


class ThreadValue(_Frozen):
    """What one thread had: its CPUs, or its priority. ``start_ticks`` tells it from a later one with its id.

    Journals written while there was only affinity call the value ``cpus``, and mean the same.
    """

    tid: int = Field(gt=1)
    start_ticks: int
    value: str = Field(validation_alias=AliasChoices("value", "cpus"))

    @property
    def key(self) -> tuple[int, int]:
        return self.tid, self.start_ticks


class Old(_Frozen):
    """What was there before: the knob's value; or the process's own, and each thread's.

    ``at_ticks`` is when it was read, in clock ticks since boot: who is younger was born under our value.
    ``beside`` is another figure that writing this one changes, as vm.min_free_kbytes by huge pages, and
    ``became`` what that was after our newest write; empty before it.
    ``no_drop_in``: systemd kept no file for it, so the one that it makes for ours can go with ours.
    """

    value: str
    beside: str = Field(default="", pattern=_FIGURE)
    became: str = Field(default="", pattern=_FIGURE)
    threads: tuple[ThreadValue, ...] = ()
    at_ticks: int = 0
    no_drop_in: bool = False


class Intent(_Frozen):
    """On disk before the write that it announces. ``at_ns`` is CLOCK_MONOTONIC, ``at_s`` seconds since the
    epoch; ``boot_id`` says which boot's kernel was meant. ``found`` is the value just before this action,
    ``old`` what undoing brings back: they differ where it supersedes another of ours."""

    entry: Literal["intent"] = "intent"
    boot_id: str
    at_ns: int
    at_s: float
    action: Action
    found: str
    old: Old

    @property
    def target(self) -> Target:
        return self.action.target


class Settled(_Frozen):
    """Written, and read back as ``new``. ``threads`` were found only while writing, with their old values.

    ``beside`` is what the figure beside it became.
    Not ``taken``: the kernel made something else of it, which is ours all the same until it is taken back.
    """

    entry: Literal["applied"] = "applied"
    target: Target
    new: str
    beside: str = Field(default="", pattern=_FIGURE)
    taken: bool = True
    threads: tuple[ThreadValue, ...] = ()


class Failed(_Frozen):
    """Not written after all."""

    entry: Literal["failed"] = "failed"
    target: Target
    sentence: str


class Undone(_Frozen):
    """Put back, or left for the reason given: no concern of ours any more."""

    entry: Literal["undone"] = "undone"
    target: Target
    reason: str


Entry = Annotated[Intent | Settled | Failed | Undone, Field(discriminator="entry")]

ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
