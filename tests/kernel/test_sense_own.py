"""The observer sees nothing of itself."""

import inspect
import mmap
import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from sensing import counted

from llamas_bpf.contracts.events import EventBatch
from llamas_bpf.sense.probes import Target
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

#: Kinds that are counted by node, or by reason.
_OF_NO_PROCESS = {"kswapd", "page_migrations"}


def fault(pages: int) -> None:
    area = mmap.mmap(-1, pages * mmap.PAGESIZE)
    area.madvise(mmap.MADV_NOHUGEPAGE)
    for offset in range(0, len(area), mmap.PAGESIZE):
        area[offset] = 1


def switch(turns: int) -> None:
    (there_out, there_in), (back_out, back_in) = os.pipe(), os.pipe()

    def partner() -> None:
        for _ in range(turns):
            os.read(there_out, 1)
            os.write(back_in, b"x")

    thread = threading.Thread(target=partner)
    thread.start()
    for _ in range(turns):
        os.write(there_in, b"x")
        os.read(back_out, 1)
    thread.join()
    for descriptor in (there_out, there_in, back_out, back_in):
        os.close(descriptor)


def test_own_faults_and_switches_are_nowhere() -> None:
    with Sensor(period=1) as sensor:
        fault(4001)
        switch(2003)
        other = subprocess.Popen(["true"])
        other.wait()
        batch = sensor.collect(time.monotonic_ns() + 200_000_000)
    own = os.getpid()
    assert other.pid in seen(batch)
    assert own not in batch.faults["tgid"]
    assert own not in batch.sched["tgid"]
    for counts in batch.counts.values():
        assert own not in counts.keys >> 32


def test_the_processes_that_it_started_are_nowhere_if_told_so() -> None:
    """Not its children, threads of theirs or programs that they become; but what those start."""
    nodes = np.zeros(1, np.uint16)
    with (
        Sensor(Target(os.getpid(), False, nodes, own_children=True), period=1) as without,
        Sensor(Target(os.getpid(), False, nodes), period=1) as whole,
    ):
        code = f"import os, threading, time\n{textwrap.dedent(inspect.getsource(fault))}\n" + CHILD
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
            grandchild = int(child.communicate()[0])
        until = time.monotonic_ns() + 200_000_000
        batch, all_of_it = without.collect(until), whole.collect(until)
    assert counted(all_of_it, "sched", child.pid)["minor_faults"] >= 4001
    assert child.pid not in seen(batch)
    assert {child.pid, grandchild} <= seen(all_of_it)
    assert grandchild in seen(batch)


CHILD = """
import mmap, subprocess
threads = [threading.Thread(target=fault, args=(2001,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
started = subprocess.Popen(["sleep", "0.05"])
started.wait()
print(started.pid)
"""


def seen(batch: EventBatch) -> set[int]:
    """Every process that there is anything about."""
    told = [batch.faults["tgid"], batch.sched["tgid"], batch.lifecycle["tgid"]]
    keyed = [
        counts.keys >> np.uint64(32) for kind, counts in batch.counts.items() if kind not in _OF_NO_PROCESS
    ]
    return set(np.concatenate([*told, *keyed]).tolist())


def test_another_process_can_be_the_one_left_out() -> None:
    with Sensor(period=1) as sensor:
        with_own = sensor
        with Sensor(Target(1, False, with_own._target.node_of_cpu), period=1) as other:
            fault(503)
            switch(307)
            batch = other.collect(time.monotonic_ns())
    assert (batch.faults["tgid"] == os.getpid()).sum() >= 500
    assert counted(batch, "sched", os.getpid())["voluntary"] >= 307
