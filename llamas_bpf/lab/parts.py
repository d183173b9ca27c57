"""The parts of a machine in the operator's terms, as vagrant/topologies/*.toml says them, checked."""

import re
from itertools import chain, pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_SUFFIXES = {"M": 1, "G": 1024}
_NEAR = 10  # what ACPI calls the distance of a node to itself
# What hardware.py, guest.py and vagrant/Vagrantfile call the devices, disks and networks that they add, and
# the guest's init finds its disks by; and what libvirt calls its own.
_OF_THE_LAB = re.compile(
    r"(root|modules|job|result|net|user|cxl)|(cxl|llamas)-.*|.*-(net|drive)"
    r"|(bridge|port|memory|swap|nvdimm|net|pci|usb|ide|serial|video|rng|virtio-disk)\d+"
)


def _is_size(text: str) -> str:
    if text[-1:] not in _SUFFIXES or not text[:-1].isdigit() or int(text[:-1]) == 0:
        raise ValueError(f"{text!r} is no size: write it like 768M or 1G")
    return text


def mib(size: str) -> int:
    """`1G` in MiB."""
    return int(size[:-1]) * _SUFFIXES[size[-1]]


Size = Annotated[str, AfterValidator(_is_size)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,15}$")]


class Part(BaseModel):
    """What all parts of a machine have in common: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Node(Part):
    """One NUMA node; its latency and bandwidth are what the nearest processors see, told by HMAT."""

    memory: Size
    kind: Literal["dram", "nvdimm"] = "dram"  # an NVDIMM is given to the kernel as memory by the guest
    cpus: int = Field(ge=0, le=64)
    nearest: int | None = None  # for a node without processors: the node whose processors are nearest
    latency_ns: int | None = Field(default=None, ge=1, le=65534)
    bandwidth_mib_s: int | None = Field(default=None, ge=1)

    @property
    def memory_mib(self) -> int:
        return mib(self.memory)


class Swap(Part):
    """Where pages go that memory has no room for; of two, the one of higher priority is filled first."""

    kind: Literal["zram", "disk"]
    size: Size
    priority: int = Field(ge=0, le=32767)
    read_latency_us: int | None = Field(default=None, ge=10, le=1_000_000)  # of a page, when nothing waits

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind == "zram" and self.read_latency_us is not None:
            raise ValueError("zram is as fast as its processor: remove read_latency_us, or make it a disk")
        return self


class CpuClass(Part):
    """Processors of one sort. An emulator has one sort only: this is what the operator would say of them."""

    name: Name
    cpus: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)
    capacity: int = Field(ge=1, le=1024)  # 1024 is the fastest there is, as in /sys/devices/system/cpu


class Pci(Part):
    """A PCI device behind a host bridge of its own, which hangs on one node."""

    name: Name
    kind: Literal["accelerator", "storage", "network"]
    node: int = Field(ge=0)


class Cxl(Part):
    """Memory behind CXL (a type-3 device); `online` makes it a node of its own, much too slow for load."""

    memory: Size
    online: bool = False


class Topology(Part):
    """A machine: its nodes, how far they are from each other (10 is local, 20 twice as far), and the rest."""

    description: str
    hmat: bool = True  # whether the latencies and bandwidths given here are told to the kernel
    threads_per_core: int = Field(default=1, ge=1, le=2)
    nodes: list[Node] = Field(min_length=1, max_length=8)
    distances: list[list[Annotated[int, Field(ge=_NEAR, le=254)]]]
    swap: list[Swap] = []
    cpu_classes: list[CpuClass] = []
    pci: list[Pci] = []
    cxl: list[Cxl] = Field(default=[], max_length=1)

    @property
    def cpus(self) -> int:
        return sum(node.cpus for node in self.nodes)

    @property
    def memory_mib(self) -> int:
        """What the machine starts with; NVDIMMs and CXL come on top."""
        return sum(node.memory_mib for node in self.nodes if node.kind == "dram")

    @property
    def tells_latencies(self) -> bool:
        return self.hmat and self.nodes[0].latency_ns is not None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self._check_distances()
        self._check_cpus()
        for i, node in enumerate(self.nodes):
            self._check_nearest(i, node)
            if node.kind == "nvdimm" and node.cpus:
                raise ValueError(f"node {i} is an NVDIMM: set its cpus to 0")
        told = [node.latency_ns is not None and node.bandwidth_mib_s is not None for node in self.nodes]
        if any(told) and not all(told):
            raise ValueError("give latency_ns and bandwidth_mib_s for every node, or for none")
        self._check_pci()
        return self

    def _check_pci(self) -> None:
        for device in self.pci:
            if device.node >= len(self.nodes):
                raise ValueError(f"{device.name} hangs on node {device.node}, which is not there")
            if _OF_THE_LAB.fullmatch(device.name):
                raise ValueError(f"the lab calls a device of its own {device.name}: choose another name")
        names = [device.name for device in self.pci]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{names.count(name)} devices are called {name}: give each its own name")

    def _check_distances(self) -> None:
        count = len(self.nodes)
        if len(self.distances) != count or any(len(row) != count for row in self.distances):
            raise ValueError(f"distances must be {count} rows of {count}: one of each for every node")
        if any(row[i] != _NEAR for i, row in enumerate(self.distances)):
            raise ValueError(
                f"the distance of a node to itself is {_NEAR}: set the diagonal of distances to it"
            )

    def _check_cpus(self) -> None:
        sizes = {node.cpus for node in self.nodes if node.cpus}
        if not sizes:
            raise ValueError("give at least one node cpus")
        if len(sizes) > 1:
            raise ValueError("give every node that has cpus the same number of them (a node is a socket)")
        if min(sizes) % self.threads_per_core:
            raise ValueError(f"a node's cpus are threads, {self.threads_per_core} to a core: give it more")
        for i, (before, node) in enumerate(pairwise(self.nodes)):
            if node.cpus and not before.cpus:  # libvirt numbers those that have some, and before all others
                raise ValueError(f"node {i + 1} has cpus and node {i} has none: put nodes with cpus first")
        named = list(chain.from_iterable(known.cpus for known in self.cpu_classes))
        if self.cpu_classes and sorted(named) != list(range(self.cpus)):
            raise ValueError(f"cpu_classes must name each of the CPUs 0 to {self.cpus - 1} once")

    def _check_nearest(self, i: int, node: Node) -> None:
        if node.cpus and node.nearest is not None:
            raise ValueError(f"node {i} has cpus, which are its nearest: remove `nearest`")
        with_cpus = [str(n) for n, other in enumerate(self.nodes) if other.cpus]
        if not node.cpus and str(node.nearest) not in with_cpus:
            raise ValueError(
                f"node {i} has no cpus: set `nearest` to a node that has ({', '.join(with_cpus)})"
            )
