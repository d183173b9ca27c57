"""Knobs of a cgroup as properties of the systemd unit that owns it (systemd.resource-control(5))."""

from collections.abc import Callable
from typing import Any

from llamas_bpf.act.cgroup_values import DEFAULTS
from llamas_bpf.act.errors import ActError
from llamas_bpf.act.possible import possible
from llamas_bpf.contracts.action import CgroupKnobName
from llamas_bpf.machine import cpulist

#: Name and variant (D-Bus type, value), as SetUnitProperties takes them.
Property = tuple[str, tuple[str, Any]]

#: ``infinity``, and ``[not set]`` for a weight or a period (UINT64_MAX in src/basic/cgroup-util.h).
UNSET = (1 << 64) - 1
_S_USEC = 1_000_000


def in_steps(knob: CgroupKnobName, value: str) -> list[list[Property]]:
    """What to set, one after the other. The kernel's default is set by unsetting the property: so nothing of
    ours stays where nothing was. ActError for what is no value of the knob."""
    make = PROPERTIES[knob]
    try:
        if value == "" and knob in ("cpuset.cpus", "cpuset.mems"):
            # The kernel refuses systemd, too, an empty cpuset with processes in it: all of them first.
            return [make(knob, possible(knob)), make(knob, "")]
        return [make(knob, value)]
    except ValueError:
        raise ActError(f"{knob}: not a value that systemd could be given") from None


def drop_ins_of(knob: CgroupKnobName) -> list[str]:
    """The files in which systemd keeps what was set, as src/core/dbus-cgroup.c names them."""
    names = [name for name, _ in PROPERTIES[knob](knob, DEFAULTS[knob])]
    return [f"50-{_KEPT_AS.get(name, name)}.conf" for name in names]


def _weight(_: str, value: str) -> list[Property]:
    weight = _natural(value)
    if weight == 0:  # systemd takes it for SCHED_IDLE
        raise ValueError(value)
    return [("CPUWeight", ("t", UNSET if value == DEFAULTS["cpu.weight"] else weight))]


def _quota(_: str, value: str) -> list[Property]:
    """systemd keeps microseconds a second, rounded up here, so that its rounding down gives ours again."""
    quota, *rest = value.split()
    period = _natural(rest[0]) if rest else 100_000
    per_second = UNSET if quota == "max" else -(-_natural(quota) * _S_USEC // period)
    return [
        ("CPUQuotaPerSecUSec", ("t", per_second)),
        ("CPUQuotaPeriodUSec", ("t", UNSET if period == 100_000 else period)),
    ]


def _mask(knob: str, value: str) -> list[Property]:
    """One bit for each CPU or node, the lowest first; nothing for no setting."""
    bits = sum(1 << number for number in cpulist.parse(value))
    name = "AllowedCPUs" if knob == "cpuset.cpus" else "AllowedMemoryNodes"
    return [(name, ("ay", bits.to_bytes(-(-bits.bit_length() // 8), "little")))]


def _bytes(knob: str, value: str) -> list[Property]:
    return [(_BYTES[knob], ("t", UNSET if value == "max" else _natural(value)))]


def _natural(text: str) -> int:
    """D-Bus has no room for others; ValueError for them."""
    if not text.isascii() or not text.isdigit() or int(text) >= UNSET:
        raise ValueError(text)
    return int(text)


_BYTES = {
    "memory.high": "MemoryHigh",
    "memory.low": "MemoryLow",
    "memory.swap.max": "MemorySwapMax",
    "memory.zswap.max": "MemoryZSwapMax",
}
_KEPT_AS = {"CPUQuotaPerSecUSec": "CPUQuota", "CPUQuotaPeriodUSec": "CPUQuotaPeriodSec"}
#: Without ``cpu.uclamp.*``: systemd has nothing for them.
PROPERTIES: dict[str, Callable[[str, str], list[Property]]] = {
    "cpu.weight": _weight,
    "cpu.max": _quota,
    "cpuset.cpus": _mask,
    "cpuset.mems": _mask,
    **dict.fromkeys(_BYTES, _bytes),
}
