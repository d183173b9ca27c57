"""The observer sees nothing of itself."""

import mmap
import os
import threading
import time

import pytest
from sensing import counted

from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")


def fault(pages: int) -> None:
    area = mmap.mmap(-1, pages * mmap.PAGESIZE)
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
        batch = sensor.collect(time.monotonic_ns() + 200_000_000)
    own = os.getpid()
    assert own not in batch.faults["tgid"]
    assert own not in batch.sched["tgid"]
    for counts in batch.counts.values():
        assert own not in counts.keys >> 32


def test_another_process_can_be_the_one_left_out() -> None:
    with Sensor(period=1) as sensor:
        with_own = sensor
        from llamas_bpf.sense.probes import Target

        with Sensor(Target(1, False, with_own._target.node_of_cpu), period=1) as other:
            fault(503)
            switch(307)
            batch = other.collect(time.monotonic_ns())
    assert (batch.faults["tgid"] == os.getpid()).sum() >= 500
    assert counted(batch, "sched", os.getpid())["voluntary"] >= 307
