"""The values of knobs, read strictly: ASCII digits and nothing that only a lenient parser would take.

What is read here is what the kernel is given later: a sign, a space or an underscore that ``int()`` forgives
would make the two differ.
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from llamas_bpf.contracts.knobs import Knob
from llamas_bpf.machine import cpulist
from llamas_bpf.shown import figure

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?", re.ASCII)
_LIST = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*", re.ASCII)
_QUOTA = re.compile(r"(max|[0-9]{4,15}) ([0-9]{4,7})", re.ASCII)
#: sched_setscheduler(2) by the names of chrt(1); the real-time policies are not to be had.
_PRIORITY = re.compile(r"([0-9]{1,2}) (other|batch|idle)", re.ASCII)
_SCHEME_WORD = re.compile(
    r"(target_nid|looks|idle_s|ms|bytes|some_mem_psi_us|node_mem_used_bp|node_mem_free_bp|nid)=([0-9]{1,18})",
    re.ASCII,
)

_TAKES = {
    "number": "a number",
    "percent": "a percentage such as 12.5",
    "quota": "µs of CPU time and of the period, such as '50000 100000'",
    "cpus": "a list of CPUs such as 0-3,8: a workload without CPUs stands still",
    "nodes": "a list of nodes such as 0,2",
    "priority": "a nice value from 0 and a policy, such as '10 batch'",
    "scheme": "words such as 'target_nid=2 ms=10 bytes=1048576', with bytes a second in any case and at most"
    " 1000 ms",
}
_COUNTED_IN = {"cpus": "CPUs", "nodes": "nodes", "quota": "CPUs", "percent": "%"}
#: The policy idle is weaker than nice 19 whatever its nice value (kernel/sched/sched.h, WEIGHT_IDLEPRIO).
IDLE = 20
#: A scheme's quota is of each second (admin-guide/mm/damon/usage.rst, quotas): more than all of it is none.
_SECOND_MS = 1000


def amount(knob: Knob, value: str) -> float | None:
    """What limits.toml bounds in a value, ``inf`` for the kernel's ``max``; None if it is no such value."""
    if knob.or_max and value == "max":
        return math.inf
    read = _AMOUNTS.get(knob.takes)
    return read(value) if read else None


def is_list(value: str) -> bool:
    """Whether it is a list of CPUs or nodes, in order, and not an empty one."""
    if not _LIST.fullmatch(value):
        return False
    # In order, so that no list is longer than what it lists: reading one must not be work.
    bounds = [int(number) for part in value.split(",") for number in (part.split("-") * 2)[:2]]
    return all(first <= last for first, last in pairwise(bounds))


@lru_cache(maxsize=16)
def numbers(value: str) -> frozenset[int]:
    """The CPUs or nodes of a list; none where it is no list. Asked of the same few again and again; no more
    are kept, since a hint may name thousands."""
    return frozenset(cpulist.parse(value)) if is_list(value) else frozenset()


def scheme_words(value: str) -> dict[str, int] | None:
    """``target_nid``, ``looks``, ``idle_s``, ``ms``, ``bytes`` and a goal, each at most once; else None."""
    words = value.split(" ")
    found = [match for word in words if (match := _SCHEME_WORD.fullmatch(word))]
    read = {match[1]: int(match[2]) for match in found}
    return read if len(read) == len(words) else None


def takes(knob: Knob) -> str:
    """The kind of value, for a sentence."""
    return _TAKES[knob.takes] + (", or max" if knob.or_max else "")


def shown(knob: Knob, value: float) -> str:
    """A bounded figure in the unit it is counted in."""
    if math.isinf(value):
        return "max"
    if knob.unit:
        return figure(knob.unit, value)
    if knob.takes == "priority":
        return "idle" if value == IDLE else f"nice {value:g}"
    counted_in = _COUNTED_IN.get(knob.takes)
    if counted_in and value == 1:
        counted_in = counted_in.removesuffix("s")
    return f"{value:g} {counted_in}" if counted_in else f"{value:.10g}"


def _number(value: str) -> float | None:
    return int(value) if _NUMBER.fullmatch(value) else None


def _percent(value: str) -> float | None:
    return float(value) if _PERCENT.fullmatch(value) else None


def _count(value: str) -> float | None:
    return len(numbers(value)) or None


def _nice(value: str) -> float | None:
    found = _PRIORITY.fullmatch(value)
    if not found or int(found[1]) >= IDLE:
        return None
    return IDLE if found[2] == "idle" else int(found[1])


def _bytes_per_s(value: str) -> float | None:
    words = scheme_words(value) or {}
    return words.get("bytes") if words.get("ms", 0) <= _SECOND_MS else None


def _quota(value: str) -> float | None:
    """In CPUs. The kernel takes periods of 1 ms to 1 s (kernel/sched/core.c, tg_set_cfs_bandwidth)."""
    found = _QUOTA.fullmatch(value)
    if not found or not 1000 <= int(found[2]) <= 1_000_000:
        return None
    return math.inf if found[1] == "max" else int(found[1]) / int(found[2])


_AMOUNTS: dict[str, Callable[[str], float | None]] = {
    "number": _number,
    "percent": _percent,
    "quota": _quota,
    "cpus": _count,
    "nodes": _count,
    "priority": _nice,
    "scheme": _bytes_per_s,
}
