"""Each figure belongs to the task it names: recomputed from the records, to the nanosecond."""

import os
from collections.abc import Iterator

import numpy as np
import pytest
from sense_children import MOVER, MOVES, PING_PONG, TURNS, run
from sensing import counted, watching_all, window

from llamas_bpf.sense.probes import Target
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")
CPUS = os.sched_getaffinity(0)


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    with watching_all() as sensor:
        yield sensor


def test_who_enters_a_cpu_is_who_leaves_it_next(sensor: Sensor) -> None:
    report = run(PING_PONG)
    sched = np.sort(window(sensor).sched, order="ts_ns", kind="stable")
    entered = left = 0
    for cpu in np.unique(sched["cpu"]):
        stays = sched[sched["cpu"] == cpu]
        pair = np.isin(stays["next_tid"][:-1], [report["pid"], report["partner"]])
        entered += pair.sum()
        left += (stays["next_tid"][:-1] == stays["tid"][1:])[pair].sum()
    assert entered >= 2 * TURNS
    assert left == entered


def test_the_counts_are_those_of_the_records(sensor: Sensor) -> None:
    report = run(PING_PONG)
    batch = window(sensor)
    for who in ("pid", "partner"):
        mine = batch.sched[batch.sched["tgid"] == report[who]]
        counts = counted(batch, "sched", report[who])
        assert len(mine) == counts["voluntary"] + counts["preempted"]
        assert mine["run_ns"].sum() == pytest.approx(counts["run_ns"], rel=0.001)
        assert mine["wait_ns"].sum() == counts["wait_ns"]
        assert len(np.unique(mine["workload"])) == 1


def test_nobody_has_no_figures(sensor: Sensor) -> None:
    run(PING_PONG)
    batch = window(sensor)
    assert (batch.sched["tid"] != 0).all()
    assert 0 not in batch.counts["sched"].keys


@pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")
def test_migrations_are_counted_for_who_is_moved(sensor: Sensor) -> None:
    report = run(MOVER)
    moved = counted(window(sensor), "migrations", report["pid"])
    assert moved["migrations"] == MOVES
    assert moved["cross_node"] == 0


@pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")
def test_migrations_between_nodes_are_told_apart() -> None:
    """Which CPU is on which node comes from outside; here each is on one of its own."""
    nodes = np.arange(max(CPUS) + 1, dtype=np.uint16)
    with Sensor(Target(os.getpid(), False, nodes), period=64) as sensor:
        report = run(MOVER)
        moved = counted(window(sensor), "migrations", report["pid"])
    assert moved["cross_node"] == moved["migrations"] == MOVES


def test_the_cgroup_is_the_tasks_own(sensor: Sensor) -> None:
    report = run(PING_PONG)
    batch = window(sensor)
    of_faults = np.unique(batch.faults["cgroup_id"][batch.faults["tgid"] == report["pid"]])
    of_switches = np.unique(batch.sched["cgroup_id"][batch.sched["tgid"] == report["pid"]])
    assert len(of_faults) == 1
    assert of_faults.tolist() == of_switches.tolist()
