"""Memory tiers: groups of nodes of like speed, fastest first (mm/memory-tiers.c; kernel 6.1 and later)."""

from pathlib import Path

from llamas_bpf.contracts.machine import MemoryTier
from llamas_bpf.machine import cpulist
from llamas_bpf.machine.nodes import NODES, listed

TIERS = Path("/sys/devices/virtual/memory_tiering")


def read(root: Path = TIERS, nodes: Path = NODES) -> tuple[MemoryTier, ...]:
    """The kernel's tiers; one tier of all nodes where it has none.

    A tier's number is its abstract distance divided by a chunk: smaller is faster.
    """
    found = sorted((int(path.name[len("memory_tier") :]), path) for path in root.glob("memory_tier[0-9]*"))
    tiers = [(path.name, cpulist.parse((path / "nodelist").read_text(encoding="ascii"))) for _, path in found]
    tiers = [(name, members) for name, members in tiers if members]
    if not tiers:
        have = (nodes / "has_memory").read_text(encoding="ascii") if listed(nodes) else "0"
        tiers = [("none", cpulist.parse(have))]
    return tuple(
        MemoryTier(rank=rank, kernel_name=name, nodes=members) for rank, (name, members) in enumerate(tiers)
    )
