"""Processors: which there are, and the node, core and package each belongs to."""

from pathlib import Path

from llamas_bpf.contracts.machine import Cpu
from llamas_bpf.machine import cpulist

CPUS = Path("/sys/devices/system/cpu")


def read() -> tuple[Cpu, ...]:
    """Online CPUs (Documentation/admin-guide/cputopology.rst)."""
    online = cpulist.parse((CPUS / "online").read_text(encoding="ascii"))
    return tuple(_cpu(cpu) for cpu in online)


def _cpu(cpu: int) -> Cpu:
    directory = CPUS / f"cpu{cpu}"
    # A CPU's directory links to its node's; kernels without NUMA have no such link.
    nodes = [int(link.name[4:]) for link in directory.glob("node[0-9]*")]
    return Cpu(
        id=cpu,
        node=nodes[0] if nodes else 0,
        core=_number(directory / "topology/core_id"),
        package=_number(directory / "topology/physical_package_id"),
    )


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except OSError:
        return None
