"""What a plain text says about a device, as features that rules, prompts, plan and guard can use (LLaMaS)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["memory", "storage", "cpu", "gpu", "accelerator", "network", "other"]

#: What a device can be good or bad at. What none of these says is ``other: …``, in the text's own words.
Trait = Literal[
    "frequent_access",
    "rare_access",
    "reads",
    "writes",
    "random_access",
    "sequential_access",
    "small_accesses",
    "large_data",
    "bandwidth",
    "latency",
    "keeping_data",
    "parallel_compute",
    "matrix_compute",
    "serial_compute",
    "pointer_chasing",
    "background_work",
]
TRAITS: tuple[str, ...] = Trait.__args__  # type: ignore[attr-defined]

#: The figures of a device that are compared and ranked: all in ns, bytes or bytes/s, all positive.
Figure = Literal[
    "read_latency_ns",
    "write_latency_ns",
    "read_bandwidth_bytes_per_s",
    "write_bandwidth_bytes_per_s",
    "capacity_bytes",
    "granularity_bytes",
]
FIGURES: tuple[str, ...] = Figure.__args__  # type: ignore[attr-defined]

Words = Annotated[str, Field(min_length=1, max_length=300)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Binding(_Frozen):
    """Which hardware a text is about, by its front matter; none of them: somewhere, for the model to know.

    ``cpus`` is a CPU list such as ``0-7``, ``pci`` an address such as ``0000:41:00.0``.
    """

    node: int | None = Field(default=None, ge=0, le=1023)
    cpus: str | None = None
    pci: str | None = Field(default=None, pattern=r"^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")

    @model_validator(mode="after")
    def _one_at_most(self) -> "Binding":
        if sum(value is not None for value in (self.node, self.cpus, self.pci)) > 1:
            raise ValueError("name one of node, cpus and pci, not several")
        return self


class CpuClass(_Frozen):
    """Processors of one kind among several: performance cores, efficiency cores. ``cpus``: a CPU list."""

    name: str = Field(max_length=60)
    count: int | None = Field(default=None, ge=1, le=8192)
    cpus: str | None = None
    max_hz: float | None = Field(default=None, gt=0)


class Threshold(_Frozen):
    """When the runtime should act: ``page_accesses_per_s above 100: migrate_here``."""

    figure: Literal[
        "page_accesses_per_s", "page_idle_s", "used_ratio", "write_ratio", "bandwidth_bytes_per_s"
    ]
    side: Literal["above", "below"]
    value: float = Field(ge=0)
    action: Literal["migrate_here", "migrate_away", "avoid"]


class Doubt(_Frozen):
    """What was read and left out, or is in question, and why: in a sentence."""

    field: str
    words: str = Field(max_length=300)
    why: str = Field(max_length=300)


class DeviceProfile(_Frozen):
    """A text's features. What it does not say, or says in doubt, is None or left out.

    ``evidence``: the words that each field that is set was read from, by field name; ``good_at.reads`` for a
    trait, ``cpu_classes.0`` and ``thresholds.0`` for entries. ``text_hash``: SHA-256 of the text with its
    front matter; ``reader`` says who read it (``offline``, or the model's name).
    """

    name: str
    text_hash: str
    reader: str
    binding: Binding = Binding()
    kind: Kind = "other"
    read_latency_ns: float | None = Field(default=None, gt=0)
    write_latency_ns: float | None = Field(default=None, gt=0)
    read_bandwidth_bytes_per_s: float | None = Field(default=None, gt=0)
    write_bandwidth_bytes_per_s: float | None = Field(default=None, gt=0)
    capacity_bytes: int | None = Field(default=None, gt=0)
    granularity_bytes: int | None = Field(default=None, gt=0)
    persistent: bool | None = None
    endurance: Words | None = None
    cost: Words | None = None
    power: Words | None = None
    good_at: tuple[Trait | Annotated[str, Field(pattern=r"^other: .{1,100}$")], ...] = ()
    bad_at: tuple[Trait | Annotated[str, Field(pattern=r"^other: .{1,100}$")], ...] = ()
    cpu_classes: tuple[CpuClass, ...] = Field(default=(), max_length=16)
    thresholds: tuple[Threshold, ...] = Field(default=(), max_length=16)
    evidence: dict[str, Words] = {}
    doubts: tuple[Doubt, ...] = Field(default=(), max_length=64)

    def said(self) -> dict[str, Any]:
        """Only what the text says: without what is None or empty, and without evidence and doubts."""
        shown = self.model_dump(mode="json", exclude={"evidence", "doubts", "binding", "text_hash", "reader"})
        return {name: value for name, value in shown.items() if value not in (None, [], "")}
