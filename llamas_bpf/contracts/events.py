"""What sense gives: the kernel's records of one window, as structured arrays.

The fields are those of ``fault_event`` and ``sched_event`` in ``bpf/events.h``, where their units and
meanings are written; the enumerations below repeat that file's constants for Python (a test compares them).
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np


class FaultFlag(IntFlag):
    """``fault_event.flags``: where the fault was taken and by what access."""

    USER = 1
    KERNEL = 2
    WRITE = 4
    EXEC = 8


class SchedType(IntEnum):
    """``sched_event.type``."""

    SWITCH = 1
    WAKEUP = 2
    WAKEUP_NEW = 3
    MIGRATE = 4


class LeaveState(IntEnum):
    """``sched_event.prev_state``: why a task left the CPU."""

    VOLUNTARY = 1
    PREEMPTED = 2


@dataclass(frozen=True)
class EventBatch:
    """The records drained between two moments of CLOCK_MONOTONIC, and how many found no room.

    ``faults`` and ``sched`` are structured arrays of shape (n,), in ring order: by time on each CPU, and
    nearly so across CPUs. A kind that this kernel refused is an empty array and has no entry in ``lost``.
    A record may be some microseconds older than ``start_ns``: it was committed as the window turned.
    """

    faults: np.ndarray
    sched: np.ndarray
    lost: dict[str, int]
    start_ns: int
    end_ns: int
