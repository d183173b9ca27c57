"""What every source of heat gives, and how one says that it cannot be used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload


@dataclass(frozen=True)
class Heat:
    """How warm one workload's memory is, in bytes; NaN where the source cannot tell.

    ``working_set_bytes``: used lately at all. ``hot_bytes``: the part of it that is used again and again.
    ``cold_bytes``: not used for some time. What is neither is between: it is warm, or not known yet. Each
    source says exactly what "lately", "again and again" and "some time" are for it: damon.py, mglru.py,
    numa_hints.py.
    """

    working_set_bytes: float
    hot_bytes: float
    cold_bytes: float
    source: str


class UnusableError(Exception):
    """This kernel, or its present settings, do not allow the source: a sentence that names the fix."""


class Source(Protocol):
    """Knows the heat of some workloads. ``refresh`` may take a second: it runs beside the windows."""

    name: str
    limits: str  # a sentence for whoever misses something; empty where nothing is missing

    def refresh(self, workloads: Sequence[Workload]) -> dict[str, Heat]:
        """The heat of as many of these, busiest first, as is known, by ``Workload.id``.

        Raises UnusableError where the source is no longer ours to use.
        """

    def close(self) -> None:
        """Leave nothing behind."""


@dataclass(frozen=True)
class Kind:
    """A source that may be opened. ``why_not`` looks, and changes nothing; None is: it can be used."""

    name: str
    why_not: Callable[[], str | None]
    open: Callable[[Machine], Source]
