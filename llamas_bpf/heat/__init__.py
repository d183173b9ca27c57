"""Which part of a workload's memory is hot, from the best source that this kernel has."""

from llamas_bpf.contracts.machine import Capability, Machine
from llamas_bpf.heat import damon, mglru, numa_hints
from llamas_bpf.heat.reader import Reader
from llamas_bpf.heat.source import Heat

__all__ = ["SOURCES", "Heat", "Reader", "capability", "open_heat"]

#: The best first.
SOURCES = (damon.KIND, mglru.KIND, numa_hints.KIND)


def open_heat(machine: Machine) -> Reader:
    """Begin with the best source that can be used. What cannot is among its ``degradations``."""
    return Reader(machine, SOURCES)


def capability() -> Capability:
    """For ``doctor``: which source there would be, found without a change to anything."""
    missing: list[str] = []
    for kind in SOURCES:
        reason = kind.why_not()
        if reason is None:
            detail = "; ".join([f"which memory is hot, from {kind.name}", *missing])
            return Capability(name="heat", available=True, detail=detail)
        missing.append(reason)
    return Capability(name="heat", available=False, detail="; ".join(missing))
