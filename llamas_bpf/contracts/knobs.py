"""What each knob takes, by the name that people know it by. ``limits.toml`` bounds them by these names
(``guard/checks/bounds.py`` reads their values). A cgroup's controllers are not among them: each comes with
the knob that needs it, and goes with it.

To add a knob: its name in ``action.py``, a line here, and a line in ``policies/limits.toml``.
"""

from dataclasses import dataclass
from typing import Literal

#: ``number``; ``percent`` is one with up to two decimals; either may be ``max`` where ``or_max``.
#: ``quota`` is cpu.max, bounded in CPUs; ``cpus`` and ``nodes`` are lists, bounded in how many; ``priority``
#: is ``NICE POLICY``, bounded in nice, where idle is 20; ``scheme`` is ``KEY=NUMBER …``, bounded in bytes a
#: second; ``words`` are all that may be written.
Takes = Literal["number", "percent", "quota", "cpus", "nodes", "priority", "scheme", "words"]


@dataclass(frozen=True)
class Knob:
    """``unit`` is how its figures are shown (see ``shown.figure``)."""

    takes: Takes
    unit: str = ""
    or_max: bool = False
    words: tuple[str, ...] = ()


_BYTES_OR_MAX = Knob("number", "_bytes", or_max=True)
_SCHEME = Knob("scheme", "_bytes")

KNOBS: dict[str, Knob] = {
    "cpu.weight": Knob("number"),
    "cpu.max": Knob("quota", or_max=True),
    "cpu.uclamp.min": Knob("percent", or_max=True),
    "cpu.uclamp.max": Knob("percent", or_max=True),
    "cpuset.cpus": Knob("cpus"),
    "cpuset.mems": Knob("nodes"),
    "memory.high": _BYTES_OR_MAX,
    "memory.low": _BYTES_OR_MAX,
    "memory.swap.max": _BYTES_OR_MAX,
    "memory.zswap.max": _BYTES_OR_MAX,
    "memory.reclaim": Knob("number", "_bytes"),
    "affinity": Knob("cpus"),
    "priority": Knob("priority"),
    "pages.move": Knob("nodes"),
    "pages.cold": Knob("number", "_bytes"),
    "pages.pageout": Knob("number", "_bytes"),
    "migrate_hot": _SCHEME,
    "migrate_cold": _SCHEME,
    "pageout": _SCHEME,
    "lru_prio": _SCHEME,
    "lru_deprio": _SCHEME,
    "weighted_interleave": Knob("number"),
    "numa.demotion_enabled": Knob("words", words=("true", "false")),
    "kernel.numa_balancing": Knob("words", words=("0", "1", "2", "3")),
    "kernel.numa_balancing_promote_rate_limit_MBps": Knob("number"),
    "vm.swappiness": Knob("number"),
    "vm.zone_reclaim_mode": Knob("number"),
    "vm.watermark_scale_factor": Knob("number"),
    "lru_gen.min_ttl_ms": Knob("number"),
    "zswap.enabled": Knob("words", words=("Y", "N")),
    "transparent_hugepage.enabled": Knob("words", words=("always", "madvise", "never")),
}
