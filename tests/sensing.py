"""A sensor's window, looked at for one process."""

import time
from typing import Any

import numpy as np

from llamas_bpf.contracts.events import EventBatch
from llamas_bpf.sense.sensor import Sensor


def watching_all() -> Sensor:
    """Every event leaves a record, and there is room for those of a busy machine too."""
    return Sensor(period=1, ring_bytes={"sched": 64 << 20, "faults": 64 << 20})


def window(sensor: Sensor) -> EventBatch:
    """What happened so far; nothing of it was lost."""
    batch = sensor.collect(time.monotonic_ns())
    assert not any(batch.lost.values()), batch.lost
    return batch


def counted(batch: EventBatch, kind: str, pid: int) -> dict[str, Any]:
    """The counts of process ``pid``, signed; zeros where there are none."""
    keys, values = batch.counts[kind]
    mine = values[keys >> np.uint64(32) == pid]
    return {name: mine[name].astype(np.int64).sum(axis=0) for name in values.dtype.names or ()}
