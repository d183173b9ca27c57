"""What memory was measured to be, as it is kept."""

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Speed(_Frozen):
    """One figure: the median of several runs, and how far apart their middle half is, as a share of it."""

    median: float = Field(gt=0)
    spread_ratio: float = Field(ge=0)


class Pair(_Frozen):
    """A node's memory as the CPUs of ``cpu_node`` see it. ``node_bytes``, with the kernel, tells whether
    it is still that node. ``cache_bytes``: their last-level caches together; ``buffer_bytes``: what was
    read."""

    node: int
    cpu_node: int
    node_bytes: int
    buffer_bytes: int
    cache_bytes: int
    threads: int
    read_latency_ns: Speed
    read_bandwidth_bytes_per_s: Speed
    write_bandwidth_bytes_per_s: Speed


class Measured(_Frozen):
    """``hypervisor`` is empty on bare hardware; ``at_s`` is the time, in seconds since 1970."""

    kernel: str
    hypervisor: str
    at_s: float
    pairs: tuple[Pair, ...]
