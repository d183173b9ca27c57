"""What is recorded equals what the kernel counted for the process itself."""

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest
from sense_children import FAULTS, PAGES, PING_PONG, TURNS, run

from llamas_bpf.contracts.events import EventBatch, FaultFlag, LeaveState, SchedType
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    with Sensor() as sensor:
        assert sensor.degradations == []
        yield sensor


def window(sensor: Sensor) -> EventBatch:
    batch = sensor.collect(time.monotonic_ns())
    assert batch.lost == {"faults": 0, "sched": 0}
    return batch


def within(records: np.ndarray, report: dict[str, int]) -> np.ndarray:
    return records[(records["ts_ns"] >= report["start_ns"]) & (records["ts_ns"] <= report["end_ns"])]


def test_each_fresh_page_is_one_fault(sensor: Sensor) -> None:
    report = run(FAULTS)
    faults = window(sensor).faults
    faults = within(faults[faults["tgid"] == report["pid"]], report)
    counted = report["minflt"] + report["majflt"]
    assert counted >= PAGES
    assert len(faults) == pytest.approx(counted, rel=0.001)
    assert faults["weight"].sum() == len(faults)
    touches = faults[faults["flags"] == FaultFlag.USER | FaultFlag.WRITE]
    assert len(np.unique(touches["address"] >> 12)) >= PAGES


def test_a_whole_life_of_faults(sensor: Sensor) -> None:
    report = run(FAULTS)
    faults = window(sensor).faults
    counted = report["life"].ru_minflt + report["life"].ru_majflt
    assert (faults["tgid"] == report["pid"]).sum() == pytest.approx(counted, rel=0.01)


def test_each_turn_is_one_switch(sensor: Sensor) -> None:
    report = run(PING_PONG)
    sched = window(sensor).sched
    mine = within(sched[sched["prev_tid"] == report["pid"]], report)
    voluntary = (mine["prev_state"] == LeaveState.VOLUNTARY).sum()
    counted = report["nvcsw"] + report["nivcsw"]
    assert counted >= TURNS
    assert len(mine) == pytest.approx(counted, rel=0.001)
    assert voluntary == pytest.approx(report["nvcsw"], rel=0.001)
    woken = sched[(sched["type"] == SchedType.WAKEUP) & (sched["next_tid"] == report["pid"])]
    assert len(within(woken, report)) == pytest.approx(voluntary, rel=0.001)


def test_a_whole_life_of_switches(sensor: Sensor) -> None:
    report = run(PING_PONG)
    sched = window(sensor).sched
    counted = report["life"].ru_nvcsw + report["life"].ru_nivcsw  # its partner's too: it waited for it
    recorded = np.isin(sched["prev_tgid"], [report["pid"], report["partner"]])
    assert recorded.sum() == pytest.approx(counted, rel=0.01)


def test_windows_follow_one_another(sensor: Sensor) -> None:
    first = sensor.collect(time.monotonic_ns() + 150_000_000)
    second = sensor.collect(time.monotonic_ns() + 10_000_000)
    assert first.end_ns == second.start_ns
    assert second.end_ns - second.start_ns >= 10_000_000
    assert first.sched["ts_ns"].max(initial=0) <= first.end_ns
