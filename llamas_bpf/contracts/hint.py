"""What an advisor suggests. The JSON schema a language model must answer in is made from these models.

Things are named by the ids that the prompt gave out: ``w3`` for a workload, ``node2`` for a NUMA node.
To add a kind: a class here, and a file in ``plan/`` saying what it means on a machine.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

WorkloadRef = Annotated[str, Field(pattern=r"^w[0-9]{1,9}$", description="a workload's id, such as w3")]
NodeRef = Annotated[str, Field(pattern=r"^node[0-9]{1,4}$", description="a NUMA node's id, such as node2")]

#: A device's id.
DEVICE = r"^[a-z]{1,8}[0-9]{1,4}$"
DeviceRef = Annotated[str, Field(pattern=DEVICE, description="a device's id, such as gpu0, nvme0 or eth0")]

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
    """Keep a workload's memory on these NUMA nodes; pages already elsewhere are moved.

    ``pages``: all of them; or only those often used, or not used, as the kernel sees them go hot and cold.
    """

    kind: Literal["place_memory"]
    workload: WorkloadRef
    nodes: list[NodeRef] = Field(min_length=1, max_length=64)
    pages: Literal["all", "hot", "cold"] = "all"


class ReclaimMemory(_Hint):
    """Push a workload's coldest memory down a tier or out, once.

    ``how``: so much once; or ``steadily`` out, so much a second at most, while hardly anybody waits for
    memory.
    """

    kind: Literal["reclaim_memory"]
    workload: WorkloadRef
    amount_bytes: int = Field(gt=0, le=1 << 46)
    how: Literal["once", "steadily"] = "once"


class ProtectMemory(_Hint):
    """Reclaim from others before taking this much of a workload's memory."""

    kind: Literal["protect_memory"]
    workload: WorkloadRef
    amount_bytes: int = Field(ge=0, le=1 << 46)


class CapMemory(_Hint):
    """Throttle a workload and reclaim from it above this size; or bound what it may swap out."""

    kind: Literal["cap_memory"]
    workload: WorkloadRef
    limit_bytes: int | None = Field(default=None, gt=0, le=1 << 46)
    swap_bytes: int | None = Field(default=None, ge=0, le=1 << 46)
    zswap_bytes: int | None = Field(default=None, ge=0, le=1 << 46)


class PlaceCpu(_Hint):
    """Let a workload run on these CPUs only."""

    kind: Literal["place_cpu"]
    workload: WorkloadRef
    cpus: list[Annotated[int, Field(ge=0, le=8191)]] = Field(min_length=1, max_length=8192)


class WeighCpu(_Hint):
    """Give a workload this share of contended CPU time, where 100 is everyone's; or bound how many CPUs'
    worth of time, or which clock speed (in percent of the fastest), it gets."""

    kind: Literal["weigh_cpu"]
    workload: WorkloadRef
    weight: int | None = Field(default=None, ge=1, le=10_000)
    most_cpus: float | None = Field(default=None, gt=0, le=8192)
    least_speed_percent: float | None = Field(default=None, ge=0, le=100)
    most_speed_percent: float | None = Field(default=None, ge=0, le=100)


class PlaceDevice(_Hint):
    """Run a workload near a device, on its NUMA node; or on the device, which only the operator can do."""

    kind: Literal["place_device"]
    workload: WorkloadRef
    device: DeviceRef
    how: Literal["near", "on"] = "near"


class InterleaveWeight(BaseModel):
    """How many pages in a row a node gets, of programs that interleave by weight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    node: NodeRef
    weight: int = Field(ge=1, le=255)


class TuneTiering(_Hint):
    """How the kernel itself handles memory, machine-wide; what is not given stays as it is.

    ``demotion`` of cold pages to slower tiers, ``promotion`` of hot ones and how fast at most; ``swappiness``
    (0 to 200); ``zone_reclaim`` before going to a farther node; ``watermark_scale_factor`` (how early reclaim
    begins, in 1/10,000 of a node); ``working_set_ttl_ms`` (what was used within is not reclaimed); ``zswap``;
    ``huge_pages``; ``interleave_weights``; ``sort_by_heat`` (hot pages to the young end of the reclaim lists,
    cold ones to the old).
    """

    kind: Literal["tune_tiering"]
    demotion: bool | None = None
    promotion: bool | None = None
    promotion_bytes_per_s: int | None = Field(default=None, ge=1 << 20, le=1 << 40)
    swappiness: int | None = Field(default=None, ge=0, le=200)
    zone_reclaim: bool | None = None
    watermark_scale_factor: int | None = Field(default=None, ge=1, le=3000)
    working_set_ttl_ms: int | None = Field(default=None, ge=0, le=60_000)
    zswap: bool | None = None
    huge_pages: Literal["always", "madvise", "never"] | None = None
    interleave_weights: list[InterleaveWeight] | None = Field(default=None, min_length=1, max_length=64)
    sort_by_heat: bool | None = None


class Leave(_Hint):
    """Change nothing, and say why."""

    kind: Literal["leave"]
    workload: WorkloadRef | None = None


Hint = Annotated[
    PlaceMemory
    | ReclaimMemory
    | ProtectMemory
    | CapMemory
    | PlaceCpu
    | WeighCpu
    | PlaceDevice
    | TuneTiering
    | Leave,
    Field(discriminator="kind"),
]

HINT: TypeAdapter[Hint] = TypeAdapter(Hint)


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
