"""sched_setaffinity on processes of our own: every thread, and exactly back."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from acting import action, here
from puppet import Puppet, puppet

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, rollback
from llamas_bpf.contracts.action import Affinity
from llamas_bpf.machine import cpulist

CPUS = sorted(os.sched_getaffinity(0))
pytest_plugins = ("acting_on_puppet",)
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")
ALL, FIRST, SECOND = set(CPUS), {CPUS[0]}, {CPUS[-1]}


def target(process: Puppet) -> Affinity:
    return Affinity(pid=process.pid, start_ticks=process.start_ticks)


def to(process: Puppet, cpus: set[int], id_: str = "1.1"):  # type: ignore[no-untyped-def]
    return action(target(process), ",".join(str(cpu) for cpu in cpus), id_=id_)


def test_every_thread_is_set_and_gets_its_own_mask_back(process: Puppet, actuation: Actuation) -> None:
    special, plain = process.tell("thread"), process.tell("thread")
    os.sched_setaffinity(special, SECOND)
    (done,) = actuation.apply([to(process, FIRST)])
    assert (done.status, done.new) == ("applied", str(CPUS[0]))
    assert set(map(frozenset, process.masks().values())) == {frozenset(FIRST)}
    born = process.tell("thread")
    assert process.masks()[born] == FIRST
    (restored,) = actuation.restore_all("end")
    assert restored.skipped is None
    assert process.masks() == {process.pid: ALL, special: SECOND, plain: ALL, born: ALL}


def test_the_threads_that_outlive_the_first_one_are_set(actuation: Actuation) -> None:
    code = """if True:
        import ctypes, threading, time
        threading.Thread(target=time.sleep, args=(600,)).start()
        ctypes.CDLL(None).pthread_exit(None)
    """
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            deadline = time.monotonic() + 20
            while (stat := process_stat.read_or_fail(process.pid)) is None or stat.state != "Z":
                assert time.monotonic() < deadline
                time.sleep(0.01)
            (other,) = {int(tid.name) for tid in Path(f"/proc/{process.pid}/task").iterdir()} - {process.pid}
            first = Affinity(pid=process.pid, start_ticks=stat.start_ticks)
            (done,) = actuation.apply([action(first, str(CPUS[0]))])
            assert (done.status, os.sched_getaffinity(other)) == ("applied", FIRST)
            (restored,) = actuation.restore_all("end")
            assert (restored.skipped, os.sched_getaffinity(other)) == (None, ALL)
        finally:
            process.kill()


def test_threads_born_while_we_look_are_met(process: Puppet, actuation: Actuation) -> None:
    process.tell("flood 400")
    (done,) = actuation.apply([to(process, FIRST)])
    assert done.status == "applied", done.detail
    assert all(mask == FIRST for mask in process.masks().values())
    (restored,) = actuation.restore_all("end")
    assert restored.skipped is None
    assert all(mask == ALL for mask in process.masks().values())


def test_a_process_born_under_our_mask_is_given_the_old_one(process: Puppet, actuation: Actuation) -> None:
    older = process.tell("fork")
    os.sched_setaffinity(older, FIRST)
    time.sleep(2 / os.sysconf("SC_CLK_TCK"))  # so that older is older by the clock that tells their ages
    actuation.apply([to(process, FIRST)])
    child = process.tell("fork")
    assert os.sched_getaffinity(child) == FIRST
    actuation.restore_all("end")
    assert os.sched_getaffinity(child) == ALL
    assert os.sched_getaffinity(older) == FIRST


def test_superseded_and_undone(process: Puppet, actuation: Actuation) -> None:
    actuation.apply([to(process, FIRST, "1.1")])
    between = process.tell("thread")
    actuation.apply([to(process, SECOND, "2.1")])
    assert set(map(frozenset, process.masks().values())) == {frozenset(SECOND)}
    after = process.tell("thread")
    assert [one.action_id for one in actuation.restore_all("end")] == ["2.1"]
    assert process.masks() == {process.pid: ALL, between: ALL, after: ALL}


def test_no_change_is_no_action(process: Puppet, actuation: Actuation) -> None:
    (done,) = actuation.apply([action(target(process), cpulist.render(CPUS))])
    assert done.status == "unchanged"
    assert actuation.in_force() == ()


def test_others_hands(process: Puppet, actuation: Actuation) -> None:
    other = process.tell("thread")
    actuation.apply([to(process, FIRST)])
    os.sched_setaffinity(other, SECOND)
    (restored,) = actuation.restore_all("end")
    assert restored.skipped == (
        "someone else has given 1 of its threads other CPUs since: they are left at that"
    )
    assert process.masks() == {process.pid: ALL, other: SECOND}


def test_a_dry_run_writes_nothing(process: Puppet) -> None:
    (done,) = Actuation(here(), None, dry_run=True).apply([to(process, FIRST)])
    assert done.status == "dry_run"
    assert process.masks() == {process.pid: ALL}


def test_a_pid_given_out_again_is_somebody_else(process: Puppet, actuation: Actuation) -> None:
    earlier = Affinity(pid=process.pid, start_ticks=process.start_ticks - 1)
    (done,) = actuation.apply([action(earlier, str(CPUS[0]))])
    assert done.status == "failed"
    assert "its pid was given out again" in done.detail
    assert process.masks() == {process.pid: ALL}


def test_one_that_ended_does_not_stop_the_others(process: Puppet, actuation: Actuation) -> None:
    with puppet() as short:
        done = actuation.apply([to(short, FIRST, "1.1"), to(process, FIRST, "1.2")])
        assert [one.status for one in done] == ["applied", "applied"]
    restored = actuation.restore_all("end")
    assert [(one.action_id, one.skipped) for one in restored] == [
        ("1.2", None),
        ("1.1", f"process {short.pid} has ended"),
    ]
    assert process.masks() == {process.pid: ALL}
    done = actuation.apply([to(short, FIRST, "2.1"), to(process, FIRST, "2.2")])
    assert [one.status for one in done] == ["failed", "applied"]


def test_cpus_that_are_not_there_are_refused_by_the_kernel(process: Puppet, actuation: Actuation) -> None:
    other = process.tell("thread")
    (done,) = actuation.apply([action(target(process), "4000")])
    assert done.status == "failed"
    assert "Invalid argument" in done.detail
    assert actuation.in_force() == ()
    assert process.masks() == {process.pid: ALL, other: ALL}
    (done,) = actuation.apply([action(target(process), f"{CPUS[0]},4000")])
    assert "was written" in done.detail
    assert process.masks() == {process.pid: ALL, other: ALL}


def test_from_the_journal_alone(process: Puppet, actuation: Actuation, tmp_path: Path) -> None:
    special = process.tell("thread")
    os.sched_setaffinity(special, SECOND)
    actuation.apply([to(process, FIRST)])
    born = process.tell("thread")
    (restored,) = rollback(tmp_path / "state", here())
    assert (restored.skipped, restored.value) == (None, cpulist.render(CPUS))
    assert process.masks() == {process.pid: ALL, special: SECOND, born: ALL}
    assert rollback(tmp_path / "state", here()) == []
