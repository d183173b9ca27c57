"""What this kernel can do that we would use. Read from the running kernel, never from its version."""

from collections.abc import Callable
from pathlib import Path

from llamas_bpf.contracts.machine import Capability

Look = Callable[[Path], Capability]


def read(root: Path = Path("/")) -> tuple[Capability, ...]:
    """Every ability that something here depends on, with what its absence means."""
    found = (
        _file("btf", "/sys/kernel/btf/vmlinux", "types for CO-RE probes", "probes cannot be loaded"),
        _file("psi", "/proc/pressure/memory", "pressure stall figures", "PSI is null; boot with psi=1"),
        _file(
            "memory_tiers",
            "/sys/devices/virtual/memory_tiering",
            "memory tiers",
            "all memory counts as one tier",
        ),
        _file(
            "demotion",
            "/sys/kernel/mm/numa/demotion_enabled",
            "cold pages can be demoted",
            "tune_tiering cannot switch demotion",
        ),
        _file(
            "numa_balancing",
            "/proc/sys/kernel/numa_balancing",
            "hot pages can be promoted",
            "tune_tiering cannot switch promotion",
        ),
        _file(
            "weighted_interleave",
            "/sys/kernel/mm/mempolicy/weighted_interleave",
            "pages interleaved by weight",
            "no exec --mems weights, and tune_tiering cannot weigh nodes",
        ),
        _file(
            "transparent_hugepage",
            "/sys/kernel/mm/transparent_hugepage/enabled",
            "huge pages",
            "tune_tiering cannot switch huge pages",
        ),
        _file("damon", "/sys/kernel/mm/damon/admin", "access monitoring", "no access-based working sets"),
        _switch("mglru", "/sys/kernel/mm/lru_gen/enabled", "0x0000", "multi-generational LRU"),
        _switch("zswap", "/sys/module/zswap/parameters/enabled", "N", "compressed swap cache"),
        _file("zram", "/sys/class/zram-control", "compressed memory as swap", "no zram: modprobe zram"),
        _file("sched_ext", "/sys/kernel/sched_ext", "BPF schedulers", "scheduling is steered by knobs only"),
        _switch("delay_accounting", "/proc/sys/kernel/task_delayacct", "0", "per-task delay accounting"),
    )
    return tuple(look(root) for look in found)


def _file(name: str, path: str, what: str, without: str) -> Look:
    def look(root: Path) -> Capability:
        available = (root / path[1:]).exists()
        return Capability(name=name, available=available, detail=what if available else without)

    return look


def _switch(name: str, path: str, off: str, what: str) -> Look:
    def look(root: Path) -> Capability:
        try:
            value = (root / path[1:]).read_text(encoding="ascii").strip()
        except OSError:
            return Capability(name=name, available=False, detail=f"{what}: not built into this kernel")
        if value == off:
            return Capability(name=name, available=False, detail=f"{what}: switched off ({path} is {value})")
        return Capability(name=name, available=True, detail=what)

    return look
