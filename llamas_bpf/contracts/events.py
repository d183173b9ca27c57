"""What sense gives: one window's counts and sampled records of the kernel, as structured arrays.

The fields are those of ``bpf/events.h``, where their units and meanings are written; the enumerations below
repeat that file's constants for Python (a test compares them).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np


class FaultFlag(IntFlag):
    """``fault_event.flags``: where the fault was taken and by what access."""

    USER = 1
    KERNEL = 2
    WRITE = 4
    EXEC = 8


class LeaveState(IntEnum):
    """``sched_event.left``: why a task left the CPU."""

    VOLUNTARY = 1
    PREEMPTED = 2


class LifecycleType(IntEnum):
    """``lifecycle_event.type``."""

    FORK = 1
    EXEC = 2
    EXIT = 3


class Counts(NamedTuple):
    """What was counted in the window, exactly: keys of shape (n,), and ``values`` of that shape.

    A key is a workload as ``events.h`` writes it (a cgroup id, or a process), but for the kinds ``kswapd`` (a
    NUMA node) and ``page_migrations`` (the kernel's number of a reason).
    """

    keys: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class EventBatch:
    """What happened between two moments of CLOCK_MONOTONIC.

    ``faults``, ``sched`` and ``lifecycle`` are structured arrays of shape (n,), in ring order: by time on
    each CPU, and nearly so across CPUs. A record may be some microseconds older than ``start_ns``: it was
    committed as the window turned. Faults and sched are sampled: a record stands for ``weight`` events, and
    ``period`` is, by kind, how many that was at the end. ``lost`` tells of each kind with a ring how many
    records found no room. ``counts`` are whole, by kind. A kind that this kernel refused is in neither.
    ``unattributed`` events, by kind, could be counted for no workload: the kernel had no room, or no memory
    at that moment.
    ``lifecycle_whole`` says that no birth or death was missed since the window before.
    """

    faults: np.ndarray
    sched: np.ndarray
    lifecycle: np.ndarray
    counts: Mapping[str, Counts]
    lost: dict[str, int]
    start_ns: int
    end_ns: int
    period: Mapping[str, int] = field(default_factory=dict)
    unattributed: Mapping[str, int] = field(default_factory=dict)
    lifecycle_whole: bool = False
