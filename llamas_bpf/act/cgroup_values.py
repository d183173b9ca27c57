"""What a cgroup's files mean: the kernel reads back another text than was written, and means the same."""

import re
from collections.abc import Callable

from llamas_bpf.contracts.action import CgroupKnobName
from llamas_bpf.machine import cpulist

#: What a file says in a cgroup in which nobody has set anything (Documentation/admin-guide/cgroup-v2.rst).
DEFAULTS = {
    "cpu.idle": "0",
    "cpu.max": "max 100000",
    "cpu.max.burst": "0",
    "cpu.uclamp.max": "max",
    "cpu.uclamp.min": "0.00",
    "cpu.weight": "100",
    "cpuset.cpus": "",
    "cpuset.cpus.exclusive": "",
    "cpuset.cpus.partition": "member",
    "cpuset.mems": "",
    "memory.high": "max",
    "memory.low": "0",
    "memory.max": "max",
    "memory.min": "0",
    "memory.oom.group": "0",
    "memory.swap.high": "max",
    "memory.swap.max": "max",
    "memory.zswap.max": "max",
    "memory.zswap.writeback": "1",
}
#: No more than five digits: a forged journal must not make us build a list of a billion CPUs.
_LIST = re.compile(r"([0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*)?", re.ASCII)


def controller_of(knob: str) -> str:
    """``cpuset`` of ``cpuset.mems``."""
    return knob.partition(".")[0]


def same(knob: CgroupKnobName, now: str, value: str, page_bytes: int) -> bool:
    """Whether writing ``value`` where the kernel says ``now`` changes nothing."""
    if now == value:
        return True
    try:
        if knob == "cpu.max":
            return _same_quota(now.split(), value.split())
        meaning = _MEANINGS.get(controller_of(knob) if knob != "cpu.weight" else knob, _percent)
        return meaning(now, page_bytes) == meaning(value, page_bytes)
    except ValueError:
        return False


def _same_quota(now: list[str], value: list[str]) -> bool:
    """``QUOTA PERIOD``; a quota alone leaves the period as it is (kernel/sched/core.c, cpu_max_write)."""
    return now[:1] == value[:1] and value[1:] in ([], now[1:])


def _number(text: str, _: int) -> int:
    return int(text)


def _ids(text: str, _: int) -> tuple[int, ...]:
    if not _LIST.fullmatch(text):
        raise ValueError(text)
    return cpulist.parse(text)


def _percent(text: str, _: int) -> int:
    """In 1/100 of a percent, which is what the kernel keeps (kernel/sched/core.c, capacity_from_percent)."""
    return 10_000 if text == "max" else round(float(text) * 100)


def _pages(text: str, page_bytes: int) -> int:
    """Rounded down, and everything from the largest counter on is ``max`` (mm/page_counter.c)."""
    most = (1 << 63) // page_bytes - 1
    return most if text == "max" else min(int(text) // page_bytes, most)


_MEANINGS: dict[str, Callable[[str, int], object]] = {
    "cpu.weight": _number,
    "cpu": _percent,
    "cpuset": _ids,
    "memory": _pages,
}
