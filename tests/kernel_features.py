"""What the running kernel can do, for ``@pytest.mark.needs``: asked of itself, never of its version."""

import difflib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

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
    return lambda: f"node{number}" in {path.parent.name for path in NODES.glob("node*/meminfo")}


FEATURES: dict[str, Callable[[], bool]] = {
    "btf": _there("/sys/kernel/btf/vmlinux"),
    "cxl memory regions": _there("/sys/bus/cxl/devices/root0/decoder0.0/create_ram_region"),
    "damon": _there("/sys/kernel/mm/damon/admin"),
    "demotion": _there("/sys/kernel/mm/numa/demotion_enabled"),
    "lower memory tier": _lower_tier,
    "memory tiers by latency": _symbol("mt_calc_adistance"),
    "mglru": _there("/sys/kernel/mm/lru_gen/enabled"),
    "node2": _node(2),
    "numa_balancing": _there("/proc/sys/kernel/numa_balancing"),
    "psi": _there("/proc/pressure/memory"),
    "sched_ext": _there("/sys/kernel/sched_ext/state"),
    "weighted interleave": _there("/sys/kernel/mm/mempolicy/weighted_interleave"),
    "zswap": _there("/sys/module/zswap/parameters/enabled"),
}


def lacking(features: Iterable[str]) -> str | None:
    """The first of these that this kernel does not have. Raises ValueError for a name that is none."""
    for feature in features:
        if feature not in FEATURES:
            nearest = difflib.get_close_matches(feature, FEATURES, n=1, cutoff=0.0)[0]
            raise ValueError(f"needs({feature!r}): no such feature; did you mean {nearest!r}?")
    return next((feature for feature in features if not FEATURES[feature]()), None)


@cache
def _symbols() -> frozenset[str]:
    """Names in /proc/kallsyms; none for those who may not read it."""
    with Path("/proc/kallsyms").open(encoding="ascii", errors="replace") as file:
        return frozenset(line.split()[2] for line in file)
