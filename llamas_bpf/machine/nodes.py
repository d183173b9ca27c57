"""NUMA nodes: size, CPUs, distances, and what the firmware's HMAT says of their speed."""

from collections.abc import Mapping
from pathlib import Path

from llamas_bpf.contracts.machine import NumaNode
from llamas_bpf.machine import cpulist

NODES = Path("/sys/devices/system/node")
CPUS_ONLINE, MEMORY = Path("/sys/devices/system/cpu/online"), Path("/proc/meminfo")
MIB = 1 << 20


def read(tier_of: Mapping[int, int], root: Path = NODES) -> tuple[NumaNode, ...]:
    """Online nodes; ``tier_of`` gives a node's tier rank, 0 where it has no memory and so no tier.

    A kernel without CONFIG_NUMA lists none: all it has is one node then.
    """
    if not listed(root):
        cpus = cpulist.parse(CPUS_ONLINE.read_text(encoding="ascii"))
        size = meminfo(0, root)["MemTotal"]
        return (NumaNode(id=0, cpus=cpus, total_bytes=size, distances={0: 10}, tier=tier_of.get(0, 0)),)
    online = cpulist.parse((root / "online").read_text(encoding="ascii"))
    return tuple(_node(root, node, online, tier_of.get(node, 0)) for node in online)


def meminfo(node: int, root: Path = NODES) -> dict[str, int]:
    """``nodeN/meminfo`` in bytes: ``{"MemTotal": …, "MemFree": …}``."""
    path = root / f"node{node}/meminfo" if listed(root) else MEMORY
    fields = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    # "Node 0 MemTotal: 768 kB", or without the node; huge page counts have no unit and are left out.
    return {field[-3].rstrip(":"): int(field[-2]) << 10 for field in fields if field[-1] == "kB"}


def listed(root: Path = NODES) -> bool:
    """Whether this kernel knows of nodes at all."""
    return (root / "online").exists()


def _node(root: Path, node: int, online: tuple[int, ...], tier: int) -> NumaNode:
    directory = root / f"node{node}"
    distances = [int(word) for word in (directory / "distance").read_text(encoding="ascii").split()]
    # access0 is the best initiator of any kind, access1 the best CPU (numaperf.rst).
    hmat = directory / "access0/initiators"
    return NumaNode(
        id=node,
        cpus=cpulist.parse((directory / "cpulist").read_text(encoding="ascii")),
        total_bytes=meminfo(node, root)["MemTotal"],
        distances=dict(zip(online, distances, strict=True)),
        tier=tier,
        read_latency_ns=_told(hmat / "read_latency"),
        write_latency_ns=_told(hmat / "write_latency"),
        read_bandwidth_bytes_per_s=_told(hmat / "read_bandwidth", MIB),
        write_bandwidth_bytes_per_s=_told(hmat / "write_bandwidth", MIB),
        initiators=tuple(sorted(int(link.name[4:]) for link in hmat.glob("node[0-9]*"))),
    )


def _told(path: Path, unit: int = 1) -> int | None:
    """A figure of HMAT; the kernel prints 0, or has no file, where the firmware said nothing."""
    try:
        return int(path.read_text(encoding="ascii")) * unit or None
    except OSError:
        return None
