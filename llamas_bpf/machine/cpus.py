"""Processors: which there are, the node, core and package each belongs to, and what kind each is."""

from pathlib import Path

from llamas_bpf.contracts.machine import Cpu
from llamas_bpf.machine import cpu_classes, cpulist

CPUS = Path("/sys/devices/system/cpu")


def read(root: Path = CPUS) -> tuple[Cpu, ...]:
    """Online CPUs (Documentation/admin-guide/cputopology.rst)."""
    online = _list(root / "online")
    isolated = {*_list(root / "isolated"), *_list(root / "nohz_full")}
    found = [_cpu(root / f"cpu{cpu}", cpu, cpu in isolated) for cpu in online]
    classes = cpu_classes.of(found, cpu_classes.hybrid(root.parent.parent))
    return tuple(cpu.model_copy(update={"cpu_class": classes.get(cpu.id)}) for cpu in found)


def _cpu(directory: Path, cpu: int, isolated: bool) -> Cpu:
    # A CPU's directory links to its node's; kernels without NUMA have no such link.
    nodes = [int(link.name[4:]) for link in directory.glob("node[0-9]*")]
    khz = _number(directory / "cpufreq/cpuinfo_max_freq")
    return Cpu(
        id=cpu,
        node=nodes[0] if nodes else 0,
        core=_number(directory / "topology/core_id"),
        package=_number(directory / "topology/physical_package_id"),
        siblings=tuple(one for one in _list(directory / "topology/thread_siblings_list") if one != cpu),
        capacity=_number(directory / "cpu_capacity"),
        max_hz=khz * 1000 if khz else None,
        isolated=isolated,
    )


def _list(path: Path) -> tuple[int, ...]:
    """A kernel without it has none; ``nohz_full`` reads ``(null)`` where nothing was asked for."""
    try:
        return cpulist.parse(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ()


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
