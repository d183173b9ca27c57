"""Nice and policy on processes of our own: every thread, and exactly back."""

import os
from pathlib import Path

import pytest
from acting import action, here
from puppet import Puppet

from llamas_bpf.act import Actuation, rollback
from llamas_bpf.contracts.action import Priority

RESET = os.SCHED_RESET_ON_FORK
pytest_plugins = ("acting_on_puppet",)
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root may lower nice again")


def to(process: Puppet, value: str, id_: str = "1.1"):  # type: ignore[no-untyped-def]
    return action(Priority(pid=process.pid, start_ticks=process.start_ticks), value, id_=id_)


def of(tid: int) -> tuple[int, int]:
    """As the kernel says it: nice, and policy with its flag."""
    return os.getpriority(os.PRIO_PROCESS, tid), os.sched_getscheduler(tid)


def priorities(process: Puppet) -> dict[int, tuple[int, int]]:
    return {tid: of(tid) for tid in process.masks()}


@pytest.mark.parametrize(
    ("value", "seen"),
    [("10 batch", (10, os.SCHED_BATCH)), ("19 idle", (19, os.SCHED_IDLE)), ("4 other", (4, 0))],
)
def test_every_thread_is_set_and_gets_its_own_back(
    process: Puppet, actuation: Actuation, value: str, seen: tuple[int, int]
) -> None:
    special, plain = process.tell("thread"), process.tell("thread")
    os.sched_setscheduler(special, os.SCHED_BATCH, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, special, 7)
    (done,) = actuation.apply([to(process, value)])
    assert (done.status, done.old, done.new) == ("applied", "0 other", value)
    assert set(priorities(process).values()) == {seen}
    born, child = process.tell("thread"), process.tell("fork")
    assert of(born) == of(child) == seen
    (restored,) = actuation.restore_all("end")
    assert (restored.value, restored.skipped) == ("0 other", None)
    normal = (0, os.SCHED_OTHER)
    assert priorities(process) == {
        process.pid: normal,
        special: (7, os.SCHED_BATCH),
        plain: normal,
        born: normal,
    }
    assert of(child) == normal


def test_the_flag_that_children_start_anew_is_kept(process: Puppet, actuation: Actuation) -> None:
    flagged = process.tell("thread")
    os.sched_setscheduler(flagged, os.SCHED_OTHER | RESET, os.sched_param(0))
    actuation.apply([to(process, "10 batch")])
    assert of(flagged) == (10, os.SCHED_BATCH | RESET)
    actuation.restore_all("end")
    assert of(flagged) == (0, os.SCHED_OTHER | RESET)


def real_time(tid: int) -> None:
    try:
        os.sched_setscheduler(tid, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pytest.skip("kernel feature: real-time threads")


def test_real_time_threads_are_never_touched_and_said_so(process: Puppet, actuation: Actuation) -> None:
    urgent = process.tell("thread")
    real_time(urgent)
    (done,) = actuation.apply([to(process, "10 batch")])
    assert done.status == "applied"
    assert done.detail.startswith("1 of its threads are real-time")
    assert priorities(process) == {process.pid: (10, os.SCHED_BATCH), urgent: (0, os.SCHED_RR)}
    actuation.restore_all("end")
    assert priorities(process) == {process.pid: (0, os.SCHED_OTHER), urgent: (0, os.SCHED_RR)}


def test_a_real_time_process_is_left_as_it_is(process: Puppet, actuation: Actuation) -> None:
    real_time(process.pid)
    (done,) = actuation.apply([to(process, "10 batch")])
    assert done.status == "failed"
    assert "real-time" in done.detail
    assert of(process.pid) == (0, os.SCHED_RR)


@pytest.mark.parametrize("value", ["10 fifo", "20 other", "-21 other", "10", "ten batch", "10 batch\n"])
def test_what_is_no_priority_is_not_written(process: Puppet, actuation: Actuation, value: str) -> None:
    (done,) = actuation.apply([to(process, value)])
    assert done.status == "failed"
    assert "not a value" in done.detail
    assert of(process.pid) == (0, os.SCHED_OTHER)
    assert actuation.in_force() == ()


def test_others_hands(process: Puppet, actuation: Actuation) -> None:
    other = process.tell("thread")
    actuation.apply([to(process, "10 batch")])
    os.setpriority(os.PRIO_PROCESS, other, 3)
    (restored,) = actuation.restore_all("end")
    assert "someone else has given 1 of its threads other priorities" in (restored.skipped or "")
    assert priorities(process) == {process.pid: (0, os.SCHED_OTHER), other: (3, os.SCHED_BATCH)}


@pytest.mark.parametrize("value", ["10 batch", "19 idle"])
@pytest.mark.parametrize("when", ["while it is set", "while it is put back"])
def test_what_a_kill_between_the_two_calls_leaves_is_ours(
    process: Puppet, actuation: Actuation, tmp_path: Path, value: str, when: str
) -> None:
    """The one who is killed has set the policy and not yet the nice value."""
    actuation.apply([to(process, value)])
    if when == "while it is set":
        os.setpriority(os.PRIO_PROCESS, process.pid, 0)
    else:
        os.sched_setscheduler(process.pid, os.SCHED_OTHER, os.sched_param(0))
    assert actuation.reconcile() == []
    (restored,) = rollback(tmp_path / "state", here())
    assert restored.skipped is None
    assert priorities(process) == {process.pid: (0, os.SCHED_OTHER)}


def test_from_the_journal_alone(process: Puppet, actuation: Actuation, tmp_path: Path) -> None:
    special = process.tell("thread")
    os.setpriority(os.PRIO_PROCESS, special, 5)
    actuation.apply([to(process, "19 idle")])
    (restored,) = rollback(tmp_path / "state", here())
    assert restored.skipped is None
    assert priorities(process) == {process.pid: (0, os.SCHED_OTHER), special: (5, os.SCHED_OTHER)}
