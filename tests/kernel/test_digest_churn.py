"""Processes that come and go by the thousand: each has its row, and none is remembered."""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from llamas_bpf import machine
from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.digest.digester import Digester
from llamas_bpf.digest.processes import Processes
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

#: Each is a process of its own that does nothing. The shell has a name that nobody else's has.
NAME = f"burst-{os.getpid()}"
SIZE = 700
BURST = f"i=0; while [ $i -lt {SIZE} ]; do (:); i=$((i + 1)); done"


def test_memory_does_not_grow_with_the_processes_that_were(tmp_path: Path) -> None:
    shell = tmp_path / NAME
    shell.symlink_to("/bin/sh")
    here = machine.read().model_copy(update={"cgroup_controllers": ()})
    seen: set[str] = set()
    with Sensor() as sensor:
        digester = Digester(here, list)
        who = digester._who
        assert isinstance(who, Processes)
        known, others = [], [0]
        for _ in range(4):
            subprocess.run([shell, "-c", BURST], check=True)
            batch = sensor.collect(time.monotonic_ns())
            forks = batch.lifecycle[batch.lifecycle["type"] == LifecycleType.FORK]
            keys = forks["workload"][forks["comm"] == NAME.encode()]
            assert len(keys) + batch.lost["lifecycle"] >= SIZE
            counted = keys[np.isin(keys, batch.counts["sched"].keys)]
            # Where the kernel has no memory at hand to count one more, it says so, once an event at least. As
            # it may say so of others' events too, that must not account for most of them.
            assert len(counted) >= len(keys) - batch.unattributed.get("sched", 0)
            assert len(counted) >= SIZE // 2
            pids = set((keys >> 32).tolist())
            rows = digester.digest(batch).workloads
            born = [each for each in rows if each.name == NAME and each.processes[0].pid in pids]
            # Whoever was counted has a row.
            assert {each.processes[0].pid for each in born} >= set((counted >> 32).tolist())
            assert not seen & {each.id for each in born}
            seen |= {each.id for each in born}
            # Who was born and died within the window is known by its records.
            starts = [each.processes[0].start_ticks for each in born]
            assert np.count_nonzero(starts) == len(starts)
            known.append(len(who._known))
            others.append(len(forks) - len(keys) + len(list(Path("/proc").glob("[0-9]*"))))
    # Those of this window and of the last one, and the rest of the machine: what lives, or was born in them.
    for number, size in enumerate(known, start=1):
        assert size <= 2 * SIZE + others[number - 1] + others[number]
