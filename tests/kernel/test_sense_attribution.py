"""Each side of a switch belongs to the task it names: recomputed from the records, to the nanosecond."""

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest
from sense_children import MOVER, MOVES, PING_PONG, RIVALS, TURNS, run

from llamas_bpf.contracts.events import LeaveState, SchedType
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    with Sensor() as sensor:
        yield sensor


def records(sensor: Sensor) -> np.ndarray:
    """All scheduler records so far, by time."""
    batch = sensor.collect(time.monotonic_ns())
    assert batch.lost["sched"] == 0
    return np.sort(batch.sched, order="ts_ns", kind="stable")


def switches_by_cpu(sched: np.ndarray) -> list[np.ndarray]:
    switches = sched[sched["type"] == SchedType.SWITCH]
    return [switches[switches["cpu"] == cpu] for cpu in np.unique(switches["cpu"])]


def test_who_enters_a_cpu_is_who_leaves_it_next(sensor: Sensor) -> None:
    report = run(PING_PONG)
    seen = 0
    for switches in switches_by_cpu(records(sensor)):
        entered = np.isin(switches["next_tid"][:-1], [report["pid"], report["partner"]])
        enter, leave = switches[:-1][entered], switches[1:][entered]
        assert (enter["next_tid"] == leave["prev_tid"]).all()
        assert (enter["next_tgid"] == leave["prev_tgid"]).all()
        assert (leave["ts_ns"] - enter["ts_ns"] == leave["prev_run_ns"]).all()
        seen += len(enter)
    assert seen >= 2 * TURNS


def test_nobody_has_no_figures(sensor: Sensor) -> None:
    run(PING_PONG)
    switches = np.concatenate(switches_by_cpu(records(sensor)))
    nobody = switches[switches["prev_tgid"] == 0]
    assert len(nobody)
    for field in ("prev_tid", "prev_cgroup_id", "prev_run_ns", "prev_state"):
        assert not nobody[field].any()
    nobody = switches[switches["next_tgid"] == 0]
    for field in ("next_tid", "next_cgroup_id", "next_wait_ns"):
        assert not nobody[field].any()
    assert ((switches["prev_tgid"] != 0) | (switches["next_tgid"] != 0)).all()


def test_the_wait_is_from_wake_up_to_cpu(sensor: Sensor) -> None:
    report = run(PING_PONG)
    sched = records(sensor)
    for tid in (report["pid"], report["partner"]):
        waits = known_waits(sched, tid)
        assert len(waits) >= TURNS
        assert all(wait == said > 0 for wait, said in waits)
    pair = sched[(sched["prev_tid"] == report["pid"]) & (sched["next_tid"] == report["partner"])]
    assert len(pair) >= 0.9 * TURNS


def test_rivals_wait_while_the_other_runs(sensor: Sensor) -> None:
    report = run(RIVALS)
    sched = records(sensor)
    meanwhile = sched[(sched["ts_ns"] >= report["start_ns"]) & (sched["ts_ns"] <= report["end_ns"])]
    for tid, other in ((report["pid"], report["rival"]), (report["rival"], report["pid"])):
        waits = known_waits(sched, tid)
        assert all(wait == said for wait, said in waits)
        left = sched[(sched["prev_tid"] == tid) & (sched["prev_state"] == LeaveState.PREEMPTED)]
        assert len(left) > 0
        ran = meanwhile["prev_run_ns"][meanwhile["prev_tid"] == other].sum()
        assert sum(wait for wait, _ in waits) >= 0.25 * ran > 0


def known_waits(sched: np.ndarray, tid: int) -> list[tuple[int, int]]:
    """For each time ``tid`` got a CPU: nanoseconds since it became runnable, and what the record says."""
    runnable_ns, waits = 0, []
    mine = sched[(sched["prev_tid"] == tid) | (sched["next_tid"] == tid)]
    for event in mine[mine["type"] != SchedType.MIGRATE]:
        woken = event["type"] != SchedType.SWITCH
        if woken or (event["prev_tid"] == tid and event["prev_state"] == LeaveState.PREEMPTED):
            runnable_ns = int(event["ts_ns"])
        elif event["next_tid"] == tid and runnable_ns:
            waits.append((int(event["ts_ns"]) - runnable_ns, int(event["next_wait_ns"])))
            runnable_ns = 0
    return waits


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="kernel feature: a second CPU")
def test_migrations_say_from_where_to_where(sensor: Sensor) -> None:
    report = run(MOVER)
    sched = records(sensor)
    moves = sched[(sched["type"] == SchedType.MIGRATE) & (sched["next_tid"] == report["pid"])]
    assert len(moves) >= MOVES
    assert (moves["orig_cpu"] != moves["dest_cpu"]).all()
    assert (moves["orig_cpu"][1:] == moves["dest_cpu"][:-1]).all()
    assert set(moves["dest_cpu"][-MOVES:]) == set(report["cpus"])


def test_the_cgroup_is_the_tasks_own(sensor: Sensor) -> None:
    report = run(PING_PONG)
    batch = sensor.collect(time.monotonic_ns())
    of_faults = np.unique(batch.faults["cgroup_id"][batch.faults["tgid"] == report["pid"]])
    of_switches = np.unique(batch.sched["prev_cgroup_id"][batch.sched["prev_tgid"] == report["pid"]])
    assert len(of_faults) == 1
    assert of_faults.tolist() == of_switches.tolist()
