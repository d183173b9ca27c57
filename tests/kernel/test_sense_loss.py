"""produced = delivered + lost, whatever happens to the rings; and nobody is woken for a record."""

import os
import select
import time

import numpy as np
import pytest
from sense_children import FAULTS, PAGES, PING_PONG, TURNS, run

from llamas_bpf.sense.gather import Gather
from llamas_bpf.sense.probes import open_probe, record_dtypes
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

PAGE = os.sysconf("SC_PAGE_SIZE")


def test_a_full_ring_counts_what_it_refuses() -> None:
    with Sensor(ring_bytes={"faults": PAGE, "sched": PAGE}) as sensor:
        run(FAULTS)
        run(PING_PONG)
        sensor.stop()
        batch = sensor.collect(time.monotonic_ns())
        counts = sensor.counts()
    assert counts["faults"].produced > PAGES
    assert counts["sched"].produced > TURNS
    for kind, records in (("faults", batch.faults), ("sched", batch.sched)):
        assert 0 < len(records) < PAGE
        assert counts[kind].lost == batch.lost[kind] > 0
        assert counts[kind].produced == len(records) + counts[kind].lost


def test_loss_is_told_once() -> None:
    with Sensor(ring_bytes={"faults": PAGE}) as sensor:
        run(FAULTS)
        assert sensor.collect(time.monotonic_ns()).lost["faults"] > 0
        sensor.stop()
        sensor.collect(time.monotonic_ns())
        assert sensor.collect(time.monotonic_ns()).lost["faults"] == 0


def test_a_drain_takes_no_more_than_there_is_room_for() -> None:
    dtype = record_dtypes()["faults"]
    with open_probe("faults", own_tgid=os.getpid(), ring_bytes=1 << 22) as probe:
        run(FAULTS)
        probe.detach()
        few = np.zeros(7, dtype)
        assert probe.drain(few) == 7
        assert few["ts_ns"].all()
        rest = Gather(dtype, first=64)
        rest.drain(probe)
        assert probe.drain(few) == 0
        assert len(rest.take()) + 7 == probe.counts().produced


def test_a_window_that_is_full_leaves_the_rest_in_the_ring() -> None:
    dtype = record_dtypes()["faults"]
    with open_probe("faults", own_tgid=os.getpid(), ring_bytes=1 << 22) as probe:
        run(FAULTS)
        probe.detach()
        gather = Gather(dtype, first=64, most=1000)
        gather.drain(probe)
        assert len(gather.take()) == 1000
        gather.drain(probe)
        assert len(gather.take()) == 1000


def test_no_record_wakes_a_reader() -> None:
    with open_probe("faults", own_tgid=os.getpid(), ring_bytes=1 << 22) as probe, select.epoll() as epoll:
        epoll.register(probe.ring_fd(), select.EPOLLIN | select.EPOLLET)
        run(FAULTS)
        epoll.poll(0)  # edge-triggered: tells once of what is there; from now on only a wake-up would
        before = probe.counts().produced
        run(FAULTS)
        assert probe.counts().produced - before >= PAGES
        assert epoll.poll(0) == []
