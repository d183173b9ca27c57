"""What tests need, for ``@pytest.mark.needs``: of the kernel, asked of itself and never of its version; and
of the machine, which has what its topology describes."""

import difflib
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from llamas_bpf.lab.topology import load_topology

TIERS = Path("/sys/devices/virtual/memory_tiering")
NODES = Path("/sys/devices/system/node")


def _there(path: str) -> Callable[[], bool]:
    return lambda: Path(path).exists()


def _symbol(name: str) -> Callable[[], bool]:
    """For what shows in no file: a function of the kernel's."""
    return lambda: name in _symbols()


def _lower_tier() -> bool:
    return len([tier for tier in TIERS.glob("memory_tier*/nodelist") if tier.read_text().strip()]) > 1


def _node(number: int) -> Callable[[], bool]:
    def there() -> bool:
        """By the description where there is one: a node that should be there and is not is a failure."""
        described = os.environ.get("LAB_TOPOLOGY")
        if described is None:
            return (NODES / f"node{number}").is_dir()
        return number < len(load_topology(described).nodes)

    return there


def _described(part: str) -> Callable[[], bool]:
    """Whether this is a guest whose topology has any of these."""

    def there() -> bool:
        described = os.environ.get("LAB_TOPOLOGY")
        return described is not None and bool(getattr(load_topology(described), part))

    return there


def _untold_node() -> bool:
    """Whether a third node is there of whose speed the firmware tells the kernel nothing."""
    described = os.environ.get("LAB_TOPOLOGY")
    return described is not None and _node(2)() and not load_topology(described).hmat


FEATURES: dict[str, Callable[[], bool]] = {
    "btf": _there("/sys/kernel/btf/vmlinux"),
    "cxl memory regions": _there("/sys/bus/cxl/devices/root0/decoder0.0/create_ram_region"),
    "damon": _there("/sys/kernel/mm/damon/admin"),
    "damon of processes": _symbol("damon_va_check_accesses"),
    "demotion": _there("/sys/kernel/mm/numa/demotion_enabled"),
    "lower memory tier": _lower_tier,
    "memory tiers by latency": _symbol("mt_calc_adistance"),
    "mglru": _there("/sys/kernel/mm/lru_gen/enabled"),
    "numa_balancing": _there("/proc/sys/kernel/numa_balancing"),
    "psi": _there("/proc/pressure/memory"),
    "sched_ext": _there("/sys/kernel/sched_ext/state"),
    # Older kernels do not read where CPUID tells it, and give an AMD core (which QEMU emulates) one thread.
    "threads of emulated cores": _symbol("topology_get_logical_id"),
    "uclamp": _symbol("cpu_uclamp_write"),
    "weighted interleave": _there("/sys/kernel/mm/mempolicy/weighted_interleave"),
    "zswap": _there("/sys/module/zswap/parameters/enabled"),
}
PARTS: dict[str, Callable[[], bool]] = {
    "node2": _node(2),
    "node2 untold": _untold_node,
    "pci": _described("pci"),
    "swap": _described("swap"),
    "systemd": lambda: os.environ.get("LAB_INIT") == "systemd",
}


def apply(needs: Iterable[str]) -> bool:
    """Whether this machine is one for a test with these needs. Raises ValueError for a name that is none."""
    for need in needs:
        _check(need)
    return all(PARTS[need]() for need in needs if need in PARTS)


def lacking(features: Iterable[str]) -> str | None:
    """The first of these that this kernel does not have. Raises ValueError for a name that is none."""
    for feature in features:
        _check(feature)
    return next((name for name in features if name in FEATURES and not FEATURES[name]()), None)


def _check(need: str) -> None:
    known = [*FEATURES, *PARTS]
    if need not in known:
        nearest = difflib.get_close_matches(need, known, n=1, cutoff=0.0)[0]
        raise ValueError(f"needs({need!r}): no such feature; did you mean {nearest!r}?")


@cache
def _symbols() -> frozenset[str]:
    """Names in /proc/kallsyms; none for those who may not read it."""
    with Path("/proc/kallsyms").open(encoding="ascii", errors="replace") as file:
        return frozenset(line.split()[2] for line in file)
