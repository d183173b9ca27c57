"""What is counted equals what the kernel counted for the process itself, however little detail is kept."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sense_children import FAULTS, PAGES, PING_PONG, RIVALS, TURNS, run
from sensing import counted, watching_all, window

from llamas_bpf.contracts.events import FaultFlag, LeaveState
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")


@pytest.fixture(params=[1, 64])
def sensor(request: pytest.FixtureRequest) -> Iterator[Sensor]:
    with watching_all() if request.param == 1 else Sensor(period=request.param) as sensor:
        assert {"sched", "faults", "lifecycle"} <= sensor.sources().keys()
        yield sensor


def test_a_life_of_faults(sensor: Sensor) -> None:
    report = run(FAULTS)
    mine = counted(window(sensor), "sched", report["pid"])
    assert report["life"].ru_minflt > PAGES
    assert mine["minor_faults"] == pytest.approx(report["life"].ru_minflt, rel=0.005)
    assert mine["major_faults"] == report["life"].ru_majflt


def test_a_life_of_switches(sensor: Sensor) -> None:
    report = run(PING_PONG)
    batch = window(sensor)
    pair = [counted(batch, "sched", report[who]) for who in ("pid", "partner")]
    voluntary, preempted = (int(sum(each[name] for each in pair)) for name in ("voluntary", "preempted"))
    life = report["life"]  # its partner's too: it waited for it
    assert life.ru_nvcsw + life.ru_nivcsw >= 2 * TURNS
    assert voluntary == pytest.approx(life.ru_nvcsw, rel=0.005)
    assert preempted == pytest.approx(life.ru_nivcsw, rel=0.005, abs=10)
    assert sum(each["waits"].sum() for each in pair) == pytest.approx(voluntary + preempted, rel=0.01)
    assert sum(each["run_ns"] for each in pair) / 1e9 == pytest.approx(life.ru_utime + life.ru_stime, rel=0.2)


def test_waits_are_those_of_the_kernel(sensor: Sensor) -> None:
    """/proc/PID/schedstat: time on the CPU, time waiting for it, times on it."""
    report = run(RIVALS)
    batch = window(sensor)
    for pid, (ran, waited, _) in zip(report["rivals"], report["schedstat"], strict=True):
        mine = counted(batch, "sched", pid)
        assert waited > 50_000_000
        assert mine["wait_ns"] == pytest.approx(waited, rel=0.1)
        assert mine["run_ns"] == pytest.approx(ran, rel=0.05)
        long = mine["waits"][13:].sum()  # of 2^20 ns and more
        assert long >= 5


MAJORS = """
import mmap, os, resource, sys
with open(sys.argv[1], "rb") as file:
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
memory.madvise(mmap.MADV_RANDOM)
sum(memory[page] for page in range(0, len(memory), 4096))
"""


def test_major_faults_are_told_from_minor_ones(sensor: Sensor, tmp_path: Path) -> None:
    file = tmp_path / "pages"
    with file.open("wb") as opened:
        opened.write(bytes(499 << 12))
        os.fsync(opened.fileno())
    child = subprocess.Popen([sys.executable, "-c", MAJORS, str(file)])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    if usage.ru_majflt < 400:
        pytest.skip(f"kernel feature: dropping a file's pages ({tmp_path} is kept in memory)")
    mine = counted(window(sensor), "sched", child.pid)
    assert mine["major_faults"] == usage.ru_majflt
    assert mine["minor_faults"] == pytest.approx(usage.ru_minflt, rel=0.005)


SPIN = "print(flush=True)\nwhile True: pass"


def test_a_task_that_never_leaves_its_cpu_is_counted_in_every_window(sensor: Sensor) -> None:
    with subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE) as spin:
        try:
            assert spin.stdout is not None
            spin.stdout.readline()
            # Above all others, on a CPU that it shares with nobody of its kind.
            try:
                os.sched_setscheduler(spin.pid, os.SCHED_FIFO, os.sched_param(1))
            except PermissionError:
                pytest.skip("kernel feature: real-time tasks")
            window(sensor)
            for _ in range(3):
                batch = sensor.collect(time.monotonic_ns() + 300_000_000)
                elapsed = batch.end_ns - batch.start_ns
                ran = counted(batch, "sched", spin.pid)["run_ns"]
                # The kernel may keep 5 % of a CPU from such tasks (sched_rt_runtime_us).
                assert 0.7 * elapsed <= ran <= 1.1 * elapsed
        finally:
            spin.send_signal(signal.SIGKILL)


def test_weights_add_up_to_the_events(sensor: Sensor) -> None:
    report = run(FAULTS)
    faults = window(sensor).faults
    mine = faults[faults["tgid"] == report["pid"]]
    # Runs of 16 in one of 64: two runs more or less at the ends of two CPUs.
    assert int(mine["weight"].sum()) == pytest.approx(report["life"].ru_minflt, rel=0.01, abs=4 * 16 * 64)
    assert set(mine["flags"]) <= {
        mode | access
        for mode in (FaultFlag.USER, FaultFlag.KERNEL)
        for access in (0, FaultFlag.WRITE, FaultFlag.EXEC)
    }


def test_every_page_has_its_record_where_every_event_leaves_one() -> None:
    with watching_all() as sensor:
        report = run(FAULTS)
        faults = window(sensor).faults
    mine = faults[(faults["tgid"] == report["pid"]) & (faults["ts_ns"] >= report["start_ns"])]
    touches = mine[(mine["ts_ns"] <= report["end_ns"]) & (mine["flags"] == FaultFlag.USER | FaultFlag.WRITE)]
    assert len(np.unique(touches["address"] >> 12)) >= PAGES


def test_details_keep_within_their_budget() -> None:
    with Sensor(records_per_s=500) as sensor:
        for _ in range(3):
            run(FAULTS)
            batch = sensor.collect(time.monotonic_ns())
        assert batch.period["faults"] > 1
        assert 0 < len(batch.faults) < PAGES / 4
        assert max(batch.faults["weight"]) > 1


def test_windows_follow_one_another() -> None:
    with watching_all() as sensor:
        first = sensor.collect(time.monotonic_ns() + 150_000_000)
        second = sensor.collect(time.monotonic_ns() + 10_000_000)
    assert first.end_ns == second.start_ns
    assert second.end_ns - second.start_ns >= 10_000_000
    assert first.sched["ts_ns"].max(initial=0) <= first.end_ns


def test_records_of_a_stay_say_why_it_ended() -> None:
    with watching_all() as sensor:
        report = run(PING_PONG)
        batch = window(sensor)
    mine = batch.sched[batch.sched["tgid"] == report["pid"]]
    counts = counted(batch, "sched", report["pid"])
    assert (mine["left"] == LeaveState.VOLUNTARY).sum() == counts["voluntary"]
    assert (mine["left"] == LeaveState.PREEMPTED).sum() == counts["preempted"]
