"""Is the value within the operator's minimum and maximum, and a value of its knob at all?"""

import re
from collections.abc import Callable

from llamas_bpf.guard.case import Case
from llamas_bpf.guard.limits import Bounds, Range
from llamas_bpf.machine import cpulist
from llamas_bpf.shown import figure, plain

ORDER = 50

Rule = Callable[[str, str, Bounds], str | None]

_LIST = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def check(case: Case) -> str | None:
    rule = _RULES.get(case.knob)
    if rule is None:
        return f"limits.toml has no bounds for {case.knob}"
    return rule(case.knob, case.action.value, case.limits.bounds)


def _switch(*allowed: str) -> Rule:
    def rule(knob: str, value: str, _: Bounds) -> str | None:
        return None if value in allowed else f"{knob} takes {', '.join(allowed)}, not {plain(value, 40)!r}"

    return rule


def _nodes(knob: str, value: str, _: Bounds) -> str | None:
    return None if _LIST.fullmatch(value) else f"{knob} takes a list of nodes, not {plain(value, 40)!r}"


def _number(knob: str, value: str, allowed: Range, unit: str = "") -> str | None:
    if not _NUMBER.fullmatch(value):
        return f"{knob} takes a number, not {plain(value, 40)!r}"
    if not allowed.min <= int(value) <= allowed.max:
        least, most, asked = (
            figure(unit, n) if unit else str(n) for n in (allowed.min, allowed.max, int(value))
        )
        return f"{knob} would become {asked}, and limits.toml allows {least} to {most}"
    return None


def _cpus(knob: str, value: str, bounds: Bounds) -> str | None:
    if not _LIST.fullmatch(value):
        return f"{knob} takes a list of CPUs, not {plain(value, 40)!r}: a workload without CPUs stands still"
    count, allowed = len(cpulist.parse(value)), bounds.cpus
    if not max(allowed.min, 1) <= count <= allowed.max:
        return f"{knob} would leave {count} CPUs, and limits.toml allows {allowed.min} to {allowed.max}"
    return None


_RULES: dict[str, Rule] = {
    "cpu.weight": lambda knob, value, bounds: _number(knob, value, bounds.cpu_weight),
    "cpuset.cpus": _cpus,
    "affinity": _cpus,
    "cpuset.mems": _nodes,
    "memory.high": lambda knob, value, bounds: _number(knob, value, bounds.memory_high_bytes, "_bytes"),
    "memory.reclaim": lambda knob, value, bounds: _number(knob, value, bounds.reclaim_bytes, "_bytes"),
    "numa.demotion_enabled": _switch("true", "false"),
    "kernel.numa_balancing": _switch("0", "1", "2", "3"),
}
