"""limits.toml as many operators might write it, strict or not."""

import math
import tomllib
from random import Random
from typing import Any

from situations import GIB, MIB

from llamas_bpf import policies

PROTECTED = "/batch/keep"
PROTECT = {"cgroups": [PROTECTED]}
SCOPE = {"cgroups": ["/batch/*"]}

Ranges = tuple[dict[str, float], ...]
#: For each knob several, of which each world has one.
_COUNTS: Ranges = ({"min": 1, "max": 8192}, {"min": 2, "max": 3})
_BYTES: Ranges = (
    {"min": 16 * MIB, "max": 64 * GIB},
    {"min": 0, "max": math.inf},
    {"min": 4096, "max": 1 << 62, "factor": 4},
)
_NUMBERS: Ranges = ({"min": 0, "max": 1000}, {"min": 10, "max": 100, "step": 20}, {"min": 7, "max": 7})
BOUNDS: dict[str, Ranges] = {
    "cpu.weight": ({"min": 10, "max": 1000, "factor": 4}, {"min": 1, "max": 10_000}, {"min": 99, "max": 99}),
    "cpu.max": ({"min": 0.1, "max": math.inf, "factor": 4}, {"min": 1, "max": 2}),
    "cpu.uclamp.min": ({"min": 0, "max": 80, "step": 50}, {"min": 0, "max": 100}),
    "cpu.uclamp.max": ({"min": 20, "max": math.inf, "step": 50}, {"min": 50, "max": 60}),
    "priority": ({"min": 0, "max": 19, "step": 6}, {"min": 5, "max": 10}),
    **dict.fromkeys(("cpuset.cpus", "cpuset.mems", "affinity", "pages.move"), _COUNTS),
    **dict.fromkeys(("memory.high", "memory.low", "memory.swap.max", "memory.zswap.max"), _BYTES),
    **dict.fromkeys(
        ("memory.reclaim", "pages.cold", "pages.pageout"), ({"min": 4096, "max": GIB}, {"min": 1, "max": MIB})
    ),
    **dict.fromkeys(("migrate_hot", "migrate_cold", "pageout", "lru_prio", "lru_deprio"), _BYTES),
    **dict.fromkeys(("vm.swappiness", "vm.zone_reclaim_mode", "vm.watermark_scale_factor"), _NUMBERS),
    **dict.fromkeys(("lru_gen.min_ttl_ms", "kernel.numa_balancing_promote_rate_limit_MBps"), _NUMBERS),
    "weighted_interleave": ({"min": 1, "max": 255, "factor": 8}, {"min": 2, "max": 4}),
}
WORDS: dict[str, list[str]] = {
    "numa.demotion_enabled": ["true", "false"],
    "kernel.numa_balancing": ["0", "1", "2", "3"],
    "zswap.enabled": ["Y", "N"],
    "transparent_hugepage.enabled": ["always", "madvise", "never"],
}


def limits(random: Random) -> dict[str, Any]:
    """Often those that are packaged, but for the rate and the scope, which has always its two patterns."""
    if random.random() < 0.4:
        packaged = tomllib.loads((policies.packaged() / "limits.toml").read_text())
        scope, rates = {**SCOPE, "machine_wide": True}, {**packaged["rates"], "actions_per_minute": 1000}
        return packaged | {"scope": scope, "protect": PROTECT, "rates": rates}
    return _strange(random)


def _strange(random: Random) -> dict[str, Any]:
    """Strict or not; some knobs are not listed."""
    choose = random.choice
    bounds = {name: choose(ranges) for name, ranges in BOUNDS.items() if random.random() < 0.9}
    switches = {
        name: random.sample(words, random.randint(1, len(words)))
        for name, words in WORDS.items()
        if random.random() < 0.9
    }
    return {
        "min_confidence": choose((0.0, 0.5, 1.0)),
        "max_ttl_s": choose((60, 300, 86_400)),
        "scope": {**SCOPE, "machine_wide": random.random() < 0.5},
        "protect": PROTECT,
        "bounds": bounds,
        "switches": switches,
        "rates": {
            "actions_per_minute": choose((0, 1, 3, 1000, 1000)),
            "cooldown_s": choose((0, 3, 30)),
            "harmed_cooldown_s": choose((0, 60, 600)),
            "fruitless_s": choose((10, 1000, 86_400)),
        },
        "capacity": {
            "reserve_ratio": choose((0.0, 0.05, 0.9)),
            "keep_ratio": choose((0.1, 0.5, 1.0)),
            "pinned_per_cpu": choose((1, 2)),
        },
    }
