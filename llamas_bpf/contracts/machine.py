"""What the kernel says about its processors, memories and abilities."""

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cpu(_Frozen):
    id: int
    node: int
    core: int | None = None
    package: int | None = None


class NumaNode(_Frozen):
    """One node. Latencies and bandwidths are HMAT's, for the best initiator; None where not told
    (Documentation/admin-guide/mm/numaperf.rst)."""

    id: int
    cpus: tuple[int, ...]
    total_bytes: int
    distances: dict[int, int]
    tier: int
    read_latency_ns: int | None = None
    write_latency_ns: int | None = None
    read_bandwidth_bytes_per_s: int | None = None
    write_bandwidth_bytes_per_s: int | None = None


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
    usable there. Without cpu or memory among them workloads are processes."""

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

    @property
    def by_cgroup(self) -> bool:
        """What a workload is here: a cgroup, or a process (or the tree that ``exec`` started)."""
        return self.cgroup_mount is not None and bool({"cpu", "memory"} & set(self.cgroup_controllers))
