"""Machine-wide settings that steer memory tiering (admin-guide/sysctl/{kernel,vm}.rst, admin-guide/mm/).

What undoing leaves behind: pages that moved stay where they are, and those in zswap until they are used or
given up (admin-guide/mm/zswap.rst). Beware of lru_gen.min_ttl_ms: the kernel kills a process rather than
reclaim what was used within that time (admin-guide/mm/multigen_lru.rst, "Thrashing prevention").
"""

import errno
import re
from collections.abc import Iterable
from pathlib import Path

from llamas_bpf.act.actuator import Actuator, PutBack
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, describe, was
from llamas_bpf.act.system_files import SystemFile, SystemFiles
from llamas_bpf.contracts.action import SystemKnob, SystemKnobName
from llamas_bpf.contracts.machine import Machine

FILES: dict[SystemKnobName, SystemFile] = {
    "numa.demotion_enabled": SystemFile(
        "sys/kernel/mm/numa/demotion_enabled", "CONFIG_NUMA and CONFIG_MIGRATION"
    ),
    "kernel.numa_balancing": SystemFile("proc/sys/kernel/numa_balancing", "CONFIG_NUMA_BALANCING"),
    "kernel.numa_balancing_promote_rate_limit_MBps": SystemFile(
        "proc/sys/kernel/numa_balancing_promote_rate_limit_MBps", "CONFIG_NUMA_BALANCING (since 6.1)"
    ),
    "vm.swappiness": SystemFile("proc/sys/vm/swappiness", "CONFIG_PROC_SYSCTL"),
    "vm.zone_reclaim_mode": SystemFile("proc/sys/vm/zone_reclaim_mode", "CONFIG_NUMA"),
    "vm.watermark_scale_factor": SystemFile("proc/sys/vm/watermark_scale_factor", "CONFIG_PROC_SYSCTL"),
    "lru_gen.min_ttl_ms": SystemFile("sys/kernel/mm/lru_gen/min_ttl_ms", "CONFIG_LRU_GEN (since 6.1)"),
    "zswap.enabled": SystemFile("sys/module/zswap/parameters/enabled", "CONFIG_ZSWAP"),
    "transparent_hugepage.enabled": SystemFile(
        "sys/kernel/mm/transparent_hugepage/enabled", "CONFIG_TRANSPARENT_HUGEPAGE"
    ),
}
#: Switching huge pages sets it anew, over what an administrator wrote there, and not always to what it was
#: (mm/khugepaged.c, set_recommended_min_free_kbytes()).
MIN_FREE = SystemFile("proc/sys/vm/min_free_kbytes", "CONFIG_PROC_SYSCTL")
#: Of several words the one in force, as in ``always [madvise] never``.
_CHOSEN = re.compile(r"\[(\w+)\]")


class SystemActuator(Actuator):
    """One value each. ``Old.beside`` is vm.min_free_kbytes, where the setting changes that too."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = SystemFiles(root)

    def read(self, target: SystemKnob) -> Old:
        text = self._files.read(target, FILES[target.knob])
        chosen = _CHOSEN.search(text)
        beside = self._files.read(target, MIN_FREE) if chosen else ""
        return Old(value=chosen[1] if chosen else text, beside=beside)

    def write(self, target: SystemKnob, value: str) -> tuple[ThreadValue, ...]:
        try:
            self._files.write(target, FILES[target.knob], value)
        except ActError as error:
            # mm/zswap.c, zswap_enabled_param_set(): it has no compressor, or no memory, to begin with.
            if was(error, errno.ENODEV):
                raise ActError(f"{describe(target)}: the kernel could not set it up: see dmesg") from error
            raise
        return ()

    def put_back(self, target: SystemKnob, old: Old, ours: Iterable[str]) -> PutBack:
        found = self.read(target)
        done = super().put_back(target, old, ours)
        if old.beside and done.left is None:
            wanted = old.beside if _is_our_doing(found, old) else found.beside
            if self._files.read(target, MIN_FREE) != wanted:
                self._files.write(target, MIN_FREE, wanted)
        return done


def _is_our_doing(found: Old, old: Old) -> bool:
    """Whether it is by our write that ``beside`` is what it is. If we were killed before that was written
    down, the setting tells whether the write took place."""
    return found.beside == old.became if old.became else found.value != old.value


def build(machine: Machine) -> Actuator:
    return SystemActuator()
