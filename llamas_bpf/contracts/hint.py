"""What an advisor suggests. The JSON schema a language model must answer in is made from these models.

Things are named by the ids that the prompt gave out: ``w3`` for a workload, ``node2`` for a NUMA node.
To add a kind: a class here, and a file in ``plan/`` saying what it means on a machine.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

WorkloadRef = Annotated[str, Field(pattern=r"^w[0-9]{1,9}$", description="a workload's id, such as w3")]
NodeRef = Annotated[str, Field(pattern=r"^node[0-9]{1,4}$", description="a NUMA node's id, such as node2")]

Metric = Literal[
    "memory.fast_tier_ratio",
    "sched.runqueue_p99_ns",
    "sched.run_ns",
    "faults.major",
    "memory.current_bytes",
    "psi.cpu_some_ratio",
    "psi.memory_some_ratio",
    "psi.io_some_ratio",
]


class Expect(BaseModel):
    """What should change if the hint was good: judged afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Metric
    direction: Literal["up", "down"]


class _Hint(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(min_length=1, max_length=400, description="one sentence a person understands")
    confidence: float = Field(ge=0, le=1)
    expect: Expect | None = Field(default=None, description="the metric this should move, and where to")
    ttl_s: int = Field(default=300, ge=1, le=86_400, description="how long it should stay in force")


class PlaceMemory(_Hint):
    """Keep a workload's memory on these NUMA nodes; pages already elsewhere are moved."""

    kind: Literal["place_memory"]
    workload: WorkloadRef
    nodes: list[NodeRef] = Field(min_length=1, max_length=64)


class ReclaimMemory(_Hint):
    """Push a workload's coldest memory down a tier or out, once."""

    kind: Literal["reclaim_memory"]
    workload: WorkloadRef
    amount_bytes: int = Field(gt=0, le=1 << 46)


class CapMemory(_Hint):
    """Throttle a workload and reclaim from it above this size."""

    kind: Literal["cap_memory"]
    workload: WorkloadRef
    limit_bytes: int = Field(gt=0, le=1 << 46)


class PlaceCpu(_Hint):
    """Let a workload run on these CPUs only."""

    kind: Literal["place_cpu"]
    workload: WorkloadRef
    cpus: list[Annotated[int, Field(ge=0, le=8191)]] = Field(min_length=1, max_length=8192)


class WeighCpu(_Hint):
    """Give a workload this share of contended CPU time, where 100 is everyone's."""

    kind: Literal["weigh_cpu"]
    workload: WorkloadRef
    weight: int = Field(ge=1, le=10_000)


class TuneTiering(_Hint):
    """Let the kernel demote cold pages to slower tiers, or promote hot ones, machine-wide."""

    kind: Literal["tune_tiering"]
    demotion: bool | None = None
    promotion: bool | None = None


class Leave(_Hint):
    """Change nothing, and say why."""

    kind: Literal["leave"]
    workload: WorkloadRef | None = None


Hint = Annotated[
    PlaceMemory | ReclaimMemory | CapMemory | PlaceCpu | WeighCpu | TuneTiering | Leave,
    Field(discriminator="kind"),
]

HINT: TypeAdapter[Hint] = TypeAdapter(Hint)


class Answer(BaseModel):
    """What a language model must answer with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hints: list[Hint] = Field(max_length=64)


class Advice(BaseModel):
    """An advisor's hints, with the ids its own prompt gave out; nothing else may be named.

    ``degradations``: a sentence for each thing that it could not look at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    advisor: str
    hints: list[Hint]
    known_ids: frozenset[str]
    exchange_id: str | None = None
    degradations: tuple[str, ...] = ()
