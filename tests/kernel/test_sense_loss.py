"""produced = delivered + lost, whatever happens to the rings; and nobody is woken for a record."""

import os
import select
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from sense_children import FAULTS, PAGES, PING_PONG, TURNS, run
from sensing import counted

from llamas_bpf.native.probe import Probe
from llamas_bpf.sense import tally
from llamas_bpf.sense.gather import Gather
from llamas_bpf.sense.kinds import KINDS
from llamas_bpf.sense.probes import Layouts, Target, open_probe
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

PAGE = os.sysconf("SC_PAGE_SIZE")
FAULT = Layouts.read().of("fault_event")


def faults_probe() -> Probe:
    kind = KINDS["faults"]
    target = Target(os.getpid(), by_cgroup=False, node_of_cpu=np.zeros(1, np.uint16))
    return open_probe(kind, kind.sources[0], target, ring_bytes=1 << 22)


def test_at_ten_times_the_ring_nothing_goes_uncounted() -> None:
    """The ring holds a page: less than 64 records of 64 and more bytes; thousands come."""
    with Sensor(ring_bytes={"faults": PAGE, "sched": PAGE}, period=1) as sensor:
        of_faults, of_switches = run(FAULTS), run(PING_PONG)
        sensor.stop()
        batch = sensor.collect(time.monotonic_ns())
        totals = sensor.totals()
    capacity = PAGE // (8 + FAULT.itemsize)
    assert totals["faults"].produced >= max(PAGES, 10 * capacity)
    assert totals["sched"].produced >= max(TURNS, 10 * capacity)
    for kind, records in (("faults", batch.faults), ("sched", batch.sched)):
        assert 0 < len(records) <= PAGE // (8 + records.dtype.itemsize)
        assert totals[kind].lost == batch.lost[kind] > 0
        assert totals[kind].produced == len(records) + totals[kind].lost <= totals[kind].seen
    # What the rings lost is counted all the same.
    minor = counted(batch, "sched", of_faults["pid"])["minor_faults"]
    assert minor == pytest.approx(of_faults["life"].ru_minflt, rel=0.005)
    voluntary = sum(counted(batch, "sched", of_switches[who])["voluntary"] for who in ("pid", "partner"))
    assert voluntary == pytest.approx(of_switches["life"].ru_nvcsw, rel=0.005)


def test_a_sampled_ring_that_is_full_counts_its_loss_too() -> None:
    with Sensor(ring_bytes={"faults": PAGE}, period=4) as sensor:
        run(FAULTS)
        sensor.stop()
        batch = sensor.collect(time.monotonic_ns())
        totals = sensor.totals()["faults"]
    assert totals.lost == batch.lost["faults"] > 0
    assert totals.produced == len(batch.faults) + totals.lost
    # Each CPU has a run of 16 records begun, or 48 events to go to the next.
    assert totals.produced * 4 == pytest.approx(totals.seen, rel=0.05, abs=64 * (os.cpu_count() or 1))


def test_loss_is_told_once() -> None:
    with Sensor(ring_bytes={"faults": PAGE}, period=1) as sensor:
        run(FAULTS)
        assert sensor.collect(time.monotonic_ns()).lost["faults"] > 0
        sensor.stop()
        sensor.collect(time.monotonic_ns())
        assert sensor.collect(time.monotonic_ns()).lost["faults"] == 0


def test_a_drain_takes_no_more_than_there_is_room_for() -> None:
    with faults_probe() as probe:
        run(FAULTS)
        probe.detach()
        few = np.zeros(7, FAULT)
        assert probe.drain(few) == 7
        assert few["ts_ns"].all()
        rest = Gather(FAULT, first=64)
        rest.drain(probe)
        assert probe.drain(few) == 0
        assert len(rest.take()) + 7 == probe.totals().produced


def test_a_window_that_is_full_leaves_the_rest_in_the_ring() -> None:
    with faults_probe() as probe:
        run(FAULTS)
        probe.detach()
        gather = Gather(FAULT, first=64, most=1000)
        gather.drain(probe)
        assert len(gather.take()) == 1000
        gather.drain(probe)
        assert len(gather.take()) == 1000


def test_no_record_wakes_a_reader() -> None:
    with faults_probe() as probe, select.epoll() as epoll:
        epoll.register(probe.ring_fd(), select.EPOLLIN | select.EPOLLET)
        run(FAULTS)
        epoll.poll(0)  # edge-triggered: tells once of what is there; from now on only a wake-up would
        before = probe.totals().produced
        run(FAULTS)
        assert probe.totals().produced - before >= PAGES
        assert epoll.poll(0) == []


def test_workloads_without_room_are_told_to_be_nobodys() -> None:
    """Here the kernel keeps counts of four; once they are idle, others get their place."""
    crowd = "for i in $(seq 40); do sleep 0.3 & done; wait"
    target = Target(os.getpid(), by_cgroup=False, node_of_cpu=np.zeros(1, np.uint16), most_workloads=4)
    with Sensor(target, period=1) as sensor:
        subprocess.run(["sh", "-c", crowd], check=True)
        batch = sensor.collect(time.monotonic_ns())
        assert len(batch.counts["sched"].keys) <= 4
        assert batch.unattributed["sched"] > 40
        assert batch.lost["sched"] == 0


def test_counts_of_the_idle_are_dropped_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that now and then does something, while its entry leaves the map in between."""
    monkeypatch.setattr(tally, "IDLE_WINDOWS", 1)

    def switches(pid: int) -> int:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)

    with Sensor(period=64) as sensor, subprocess.Popen(["cat"], stdin=-1, stdout=-1) as cat:
        assert cat.stdin is not None and cat.stdout is not None
        counts, kept = 0, []
        for _ in range(6):
            cat.stdin.write(b"x\n")
            cat.stdin.flush()
            assert cat.stdout.readline() == b"x\n"
            for _ in range(3):
                batch = sensor.collect(time.monotonic_ns() + 20_000_000)
                mine = counted(batch, "sched", cat.pid)
                counts += int(mine["voluntary"] + mine["preempted"])
            kept.append(cat.pid in (sensor._watches["sched"]._tally._keys >> np.uint64(32)))  # type: ignore[union-attr]
        told = -1
        while told != (told := switches(cat.pid)):  # it has not done anything since that was counted
            mine = counted(sensor.collect(time.monotonic_ns()), "sched", cat.pid)
            counts += int(mine["voluntary"] + mine["preempted"])
        cat.stdin.close()
    assert told >= 6
    assert counts == told
    assert not all(kept)
