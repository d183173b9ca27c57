"""Births, new programs and deaths, told in order and with the name that /proc had."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sensing import watching_all, window

from llamas_bpf import process_stat
from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

NS_PER_TICK = 10**9 // os.sysconf("SC_CLK_TCK")
BIRTH, PROGRAM, DEATH = LifecycleType.FORK, LifecycleType.EXEC, LifecycleType.EXIT


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    # Other than this process, which is the parent here.
    with watching_all() as sensor:
        yield sensor


def is_sleep(pid: int) -> bool:
    return Path(f"/proc/{pid}/comm").read_text() == "sleep\n"


def test_a_life_from_fork_to_exit(sensor: Sensor) -> None:
    process = subprocess.Popen(["sleep", "600"])
    # Its name changes before the kernel says that it runs another program; killed between, it never does.
    while (stat := process_stat.read(process.pid)) is None or stat.state != "S" or not is_sleep(process.pid):
        time.sleep(0.01)
    process.kill()
    process.wait()
    batch = window(sensor)
    mine = batch.lifecycle[batch.lifecycle["tgid"] == process.pid]
    assert mine["type"].tolist() == [BIRTH, PROGRAM, DEATH]
    assert mine["parent_tgid"].tolist() == [os.getpid()] * 3
    assert mine["comm"].tolist()[1:] == [b"sleep", b"sleep"]
    assert {start // NS_PER_TICK for start in mine["start_ns"].tolist()} == {stat.start_ticks}
    assert len(np.unique(mine["workload"])) == 1
    assert int(mine["workload"][0]) >> 32 == process.pid
    assert batch.lifecycle_whole


THREADS = """
import os, threading
def end():
    pass
for _ in range(20):
    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
# The first thread ends before the last one.
import ctypes
def last():
    import time
    time.sleep(0.05)
threading.Thread(target=last).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_threads_are_no_processes(sensor: Sensor) -> None:
    process = subprocess.Popen([sys.executable, "-c", THREADS])
    process.wait()
    batch = window(sensor)
    mine = batch.lifecycle[batch.lifecycle["tgid"] == process.pid]
    assert mine["type"].tolist() == [BIRTH, PROGRAM, DEATH]


def test_a_burst_of_processes_is_whole_or_said_not_to_be(sensor: Sensor) -> None:
    burst = subprocess.run(["sh", "-c", "for i in $(seq 1500); do (:); done"])
    assert burst.returncode == 0
    batch = sensor.collect(0)
    assert batch.lifecycle_whole == (batch.lost["lifecycle"] == 0)
    assert (batch.lifecycle["type"] == BIRTH).sum() + batch.lost["lifecycle"] >= 1500


def test_what_was_lost_is_said() -> None:
    with Sensor(ring_bytes={"lifecycle": os.sysconf("SC_PAGE_SIZE")}) as sensor:
        subprocess.run(["sh", "-c", "for i in $(seq 200); do (:); done"])
        batch = sensor.collect(0)
        assert batch.lost["lifecycle"] > 0
        assert not batch.lifecycle_whole
        # Others may be born and die meanwhile, in a ring as small as that.
        assert any(sensor.collect(0).lifecycle_whole for _ in range(100))
