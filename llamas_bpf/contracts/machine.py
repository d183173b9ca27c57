"""What the kernel says about its processors, memories and abilities, and what texts add to that."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from llamas_bpf.contracts.profile import DeviceProfile

#: Of CPUs that differ: the fastest, the slowest, and whatever is between.
ClassName = Literal["performance", "middle", "efficiency"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cpu(_Frozen):
    """One processor. ``siblings``: its core's other hardware threads. ``capacity``: of the fastest's 1024
    (scheduler/sched-capacity.rst). ``cpu_class``: None where all are alike. ``isolated``: the scheduler
    leaves it alone (isolcpus, nohz_full, or an isolated cpuset)."""

    id: int
    node: int
    core: int | None = None
    package: int | None = None
    siblings: tuple[int, ...] = ()
    capacity: int | None = None
    max_hz: int | None = None
    cpu_class: ClassName | None = None
    isolated: bool = False


class Cache(_Frozen):
    """One cache, and the CPUs that share it."""

    level: int
    kind: Literal["data", "instruction", "unified"]
    size_bytes: int
    cpus: tuple[int, ...]


class Swap(_Frozen):
    """Where pages may go that memory has no room for. ``detail`` of zram is how it compresses."""

    name: str
    kind: Literal["zram", "partition", "file"]
    size_bytes: int
    priority: int
    detail: str = ""


class Zswap(_Frozen):
    """The compressed cache in front of swap: at most ``max_pool_ratio`` of memory."""

    enabled: bool
    compressor: str
    max_pool_ratio: float


class NumaNode(_Frozen):
    """One node. Latencies and bandwidths are HMAT's, for the best initiators; None where not told
    (Documentation/admin-guide/mm/numaperf.rst). ``initiators`` are the nodes that these are."""

    id: int
    cpus: tuple[int, ...]
    total_bytes: int
    distances: dict[int, int]
    tier: int
    read_latency_ns: int | None = None
    write_latency_ns: int | None = None
    read_bandwidth_bytes_per_s: int | None = None
    write_bandwidth_bytes_per_s: int | None = None
    initiators: tuple[int, ...] = ()


class Told(_Frozen):
    """One figure by who tells it; ``value`` is the one that counts."""

    measured: float | None = None
    hmat: float | None = None
    text: float | None = None

    @property
    def value(self) -> float | None:
        """Measured, else the firmware's, else the text's."""
        return next((told for told in (self.measured, self.hmat, self.text) if told is not None), None)


class NodeFeatures(_Frozen):
    """What is known of a node's memory. ``profile`` names the text that is bound to it; ``figures`` are those
    of ``contracts.profile.FIGURES`` that somebody tells."""

    node: int
    profile: str | None = None
    figures: dict[str, Told] = {}
    good_at: tuple[str, ...] = ()
    bad_at: tuple[str, ...] = ()
    persistent: bool | None = None


class MemoryTier(_Frozen):
    """``rank`` 0 is the fastest; ``kernel_name`` is the kernel's own (``memory_tier4``)."""

    rank: int
    kernel_name: str
    nodes: tuple[int, ...]


class Device(_Frozen):
    """A PCI device. ``id`` is a short name of ours (``gpu0``, ``nvme0``, ``eth0``); ``node`` is the NUMA node
    it hangs on, None where the firmware does not tell (ABI/testing/sysfs-bus-pci, "numa_node")."""

    id: str
    kind: str
    pci: str
    node: int | None
    description: str


class Capability(_Frozen):
    """One ability of this kernel: what it is, whether it is here, and what its absence means."""

    name: str
    available: bool
    detail: str


class Machine(_Frozen):
    """``cgroup_mount`` is where cgroup v2 is mounted, None without it; ``cgroup_controllers`` are those
    usable there. Without cpu or memory among them workloads are processes. ``profiles`` are of the operator's
    device texts; ``notes`` tell what is wrong there, and where text, firmware and measurement disagree."""

    kernel: str
    boot_id: str
    cpus: tuple[Cpu, ...]
    nodes: tuple[NumaNode, ...]
    tiers: tuple[MemoryTier, ...]
    cgroup_mount: str | None
    cgroup_controllers: tuple[str, ...]
    capabilities: tuple[Capability, ...]
    page_bytes: int = 4096
    devices: tuple[Device, ...] = ()
    caches: tuple[Cache, ...] = ()
    swaps: tuple[Swap, ...] = ()
    zswap: Zswap | None = None
    profiles: tuple[DeviceProfile, ...] = ()
    features: tuple[NodeFeatures, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def by_cgroup(self) -> bool:
        """What a workload is here: a cgroup, or a process (or the tree that ``exec`` started)."""
        return self.cgroup_mount is not None and bool({"cpu", "memory"} & set(self.cgroup_controllers))
