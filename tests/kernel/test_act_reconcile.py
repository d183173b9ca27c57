"""What is looked after once a window: threads born meanwhile, others' hands, and processes that ended."""

import os
import time
from pathlib import Path

import pytest
from acting import action, here
from puppet import Puppet, puppet

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, rollback, tasks
from llamas_bpf.act.entries import Settled, ThreadValue
from llamas_bpf.contracts.action import Affinity

CPUS = sorted(os.sched_getaffinity(0))
pytest_plugins = ("acting_on_puppet",)
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")
ALL, FIRST, SECOND = set(CPUS), {CPUS[0]}, {CPUS[-1]}


def to(process: Puppet, cpus: set[int], id_: str = "1.1"):  # type: ignore[no-untyped-def]
    target = Affinity(pid=process.pid, start_ticks=process.start_ticks)
    return action(target, ",".join(str(cpu) for cpu in cpus), id_=id_)


def test_nothing_happened(process: Puppet, actuation: Actuation) -> None:
    actuation.apply([to(process, FIRST)])
    process.tell("thread")
    assert actuation.reconcile() == []
    assert process.masks().popitem()[1] == FIRST
    assert len(actuation.in_force()) == 1


def test_a_thread_born_without_our_value_gets_it_and_its_own_back(
    process: Puppet, actuation: Actuation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose parent had not been set when it was cloned, and that was seen only later."""
    with monkeypatch.context() as later:
        later.setattr(tasks, "now_ticks", lambda: 1 << 62)  # so that it is born before we write
        actuation.apply([to(process, FIRST)])
    born = process.tell("thread")
    os.sched_setaffinity(born, ALL)
    assert actuation.reconcile() == []
    assert process.masks() == {process.pid: FIRST, born: FIRST}
    assert all(one.skipped is None for one in rollback(tmp_path / "state", here()))
    assert process.masks() == {process.pid: ALL, born: ALL}


def test_a_thread_born_since_that_chose_the_first_value_itself_is_left_at_it(
    process: Puppet, actuation: Actuation
) -> None:
    actuation.apply([to(process, FIRST)])
    time.sleep(2 / os.sysconf("SC_CLK_TCK"))  # by the clock that tells their ages
    born = process.tell("thread")
    os.sched_setaffinity(born, ALL)
    assert actuation.reconcile() == []
    assert process.masks() == {process.pid: FIRST, born: ALL}


def test_one_thread_in_others_hands_is_left_and_the_rest_stays_ours(
    process: Puppet, actuation: Actuation
) -> None:
    known, seen = process.tell("thread"), None
    actuation.apply([to(process, FIRST)])
    seen = process.tell("thread")
    assert actuation.reconcile() == []
    os.sched_setaffinity(known, SECOND)
    os.sched_setaffinity(seen, ALL)
    for _ in range(2):
        assert actuation.reconcile() == []
        assert process.masks() == {process.pid: FIRST, known: SECOND, seen: ALL}
    (done,) = actuation.apply([to(process, SECOND, "2.1")])
    assert done.status == "applied"
    assert process.masks() == {process.pid: SECOND, known: SECOND, seen: ALL}
    (restored,) = actuation.restore_all("end")
    assert "1 of its threads" in (restored.skipped or "")
    assert process.masks() == {process.pid: ALL, known: SECOND, seen: ALL}


@pytest.mark.parametrize("theirs", [SECOND, ALL])
def test_all_in_others_hands_is_said_once_and_never_fought(
    process: Puppet, actuation: Actuation, theirs: set[int]
) -> None:
    process.tell("thread")
    actuation.apply([to(process, FIRST)])
    for tid in process.masks():
        os.sched_setaffinity(tid, theirs)
    (said,) = actuation.reconcile()
    assert (said.action_id, said.failed) == ("1.1", False)
    assert "someone else has given its threads other CPUs" in (said.skipped or "")
    assert actuation.reconcile() == []
    assert actuation.in_force() == ()
    (again,) = actuation.apply([to(process, FIRST, "2.1")])
    assert (again.status, "left alone" in again.detail) == ("failed", True)
    assert actuation.restore_all("end") == []
    assert all(mask == theirs for mask in process.masks().values())


def test_one_in_others_hands_does_not_stop_the_others(process: Puppet, actuation: Actuation) -> None:
    with puppet() as other:
        actuation.apply([to(other, FIRST, "1.1"), to(process, FIRST, "1.2")])
        os.sched_setaffinity(other.pid, SECOND)
        assert [one.action_id for one in actuation.reconcile()] == ["1.1"]
        assert [one.action.id for one in actuation.in_force()] == ["1.2"]


def test_a_process_that_ended_is_no_error(process: Puppet, actuation: Actuation) -> None:
    with puppet() as short:
        actuation.apply([to(short, FIRST, "1.1"), to(process, FIRST, "1.2")])
    (said,) = actuation.reconcile()
    assert (said.action_id, said.skipped, said.failed) == ("1.1", f"process {short.pid} has ended", False)
    assert [one.action_id for one in actuation.restore_all("end")] == ["1.2"]


def test_one_that_ended_and_is_not_yet_waited_for_has_ended(process: Puppet, actuation: Actuation) -> None:
    child = process.tell("fork")
    stat = process_stat.read(child)
    assert stat is not None
    target = Affinity(pid=child, start_ticks=stat.start_ticks)
    actuation.apply([action(target, str(CPUS[0]))])
    os.kill(child, 9)
    while (now := process_stat.read(child)) and now.state != "Z":
        pass
    assert [one.skipped for one in actuation.reconcile()] == [f"process {child} has ended"]


def test_a_process_that_makes_threads_as_fast_as_it_can(process: Puppet, actuation: Actuation) -> None:
    process.tell("flood 2000")
    (done,) = actuation.apply([to(process, FIRST)])
    assert done.status == "applied", done.detail
    for _ in range(5):
        assert actuation.reconcile() == []
        assert all(mask == FIRST for mask in process.masks().values())
    (restored,) = actuation.restore_all("end")
    assert restored.skipped is None
    assert all(mask == ALL for mask in process.masks().values())


def test_a_journal_of_before_means_the_same() -> None:
    line = '{"tid": 5, "start_ticks": 7, "cpus": "0-1"}'
    assert ThreadValue.model_validate_json(line) == ThreadValue(tid=5, start_ticks=7, value="0-1")
    target = Affinity(pid=5, start_ticks=7)
    settled = Settled(target=target, new="0", threads=(ThreadValue(tid=5, start_ticks=7, value="0-1"),))
    assert Settled.model_validate_json(settled.model_dump_json()) == settled
