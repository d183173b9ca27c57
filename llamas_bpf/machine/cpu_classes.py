"""Which processors are of which kind, where there are several: performance cores beside efficiency cores."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import get_args

from llamas_bpf.contracts.machine import ClassName, Cpu
from llamas_bpf.machine import cpulist

DEVICES = Path("/sys/devices")

#: Kinds differ by more than this; cores of one kind differ too, by how well each turned out.
_APART = 0.8
#: Intel's PMUs, one for each kind of core (ABI/testing/sysfs-bus-event_source-devices-caps), fastest first.
_PMUS = ("cpu_core", "cpu_atom", "cpu_lowpower")


def hybrid(devices: Path = DEVICES) -> list[tuple[int, ...]]:
    """What an Intel hybrid processor says of itself: the CPUs of each kind, fastest first; else nothing."""
    found = []
    for name in _PMUS:
        try:
            found.append(cpulist.parse((devices / name / "cpus").read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return [cpus for cpus in found if cpus]


def of(cpus: Sequence[Cpu], told: Sequence[Iterable[int]] = ()) -> dict[int, ClassName]:
    """Each CPU's class, empty where all are alike: as ``told``, else by capacity, else by highest clock."""
    groups = [set(group) for group in told]
    for speeds in ({c.id: c.capacity for c in cpus}, {c.id: c.max_hz for c in cpus}):
        if len(groups) < 2:
            groups = _apart({cpu: speed for cpu, speed in speeds.items() if speed is not None})
    if len(groups) < 2:
        return {}
    best, middle, worst = get_args(ClassName)
    names = [best, *[middle] * (len(groups) - 2), worst]
    return {cpu: name for name, group in zip(names, groups, strict=True) for cpu in group}


def _apart(speeds: Mapping[int, int]) -> list[set[int]]:
    """CPUs whose speeds are much alike, fastest first."""
    groups: list[set[int]] = []
    best = 0
    for cpu in sorted(speeds, key=lambda cpu: -speeds[cpu]):
        if not groups or speeds[cpu] < best * _APART:
            groups.append(set())
            best = speeds[cpu]
        groups[-1].add(cpu)
    return groups
