"""What was forked under our value, and outlives what it was forked from; ids that were given out again."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action, here
from puppet import Puppet, puppet

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.act.actuators.affinity import AffinityActuator
from llamas_bpf.act.entries import ThreadValue
from llamas_bpf.contracts.action import Affinity

CPUS = sorted(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")
ALL, FIRST, SECOND = set(CPUS), {CPUS[0]}, {CPUS[-1]}


@pytest.fixture
def process() -> Iterator[Puppet]:
    with puppet() as found:
        yield found


@pytest.fixture
def actuation(tmp_path: Path) -> Actuation:
    return Actuation(here(), Journal(tmp_path / "state"), dry_run=False)


def of(pid: int) -> Affinity:
    stat = process_stat.read(pid)
    assert stat is not None
    return Affinity(pid=pid, start_ticks=stat.start_ticks)


def to(pid: int, cpus: set[int], id_: str = "1.1"):  # type: ignore[no-untyped-def]
    return action(of(pid), ",".join(map(str, cpus)), id_=id_)


def end(process: Puppet) -> None:
    process.process.kill()
    process.process.wait()


def test_a_child_whose_parent_ended_is_given_the_old_one(process: Puppet, actuation: Actuation) -> None:
    actuation.apply([to(process.pid, FIRST)])
    child = process.tell("fork")
    assert actuation.reconcile() == []
    end(process)
    assert os.sched_getaffinity(child) == FIRST
    (said,) = actuation.reconcile()
    assert (said.skipped, said.failed) == (f"process {process.pid} has ended", False)
    assert os.sched_getaffinity(child) == ALL
    assert actuation.in_force() == ()


def test_from_the_journal_alone(process: Puppet, actuation: Actuation, tmp_path: Path) -> None:
    actuation.apply([to(process.pid, FIRST)])
    child, other = process.tell("fork"), process.tell("fork")
    actuation.reconcile()
    os.sched_setaffinity(other, SECOND)
    end(process)
    rollback(tmp_path / "state", here())
    assert (os.sched_getaffinity(child), os.sched_getaffinity(other)) == (ALL, SECOND)


def test_a_child_that_is_acted_on_itself_gets_what_was_there_before_us(
    process: Puppet, actuation: Actuation
) -> None:
    actuation.apply([to(process.pid, FIRST)])
    child = process.tell("fork")
    actuation.reconcile()
    (done,) = actuation.apply([to(child, SECOND, "2.1")])
    assert done.status == "applied"
    (restored,) = actuation.undo("2", "enough")
    assert restored.skipped is None
    assert os.sched_getaffinity(child) == ALL
    actuation.restore_all("end")
    assert (process.masks(), os.sched_getaffinity(child)) == ({process.pid: ALL}, ALL)


def test_a_thread_that_ended_since_is_not_written_to(process: Puppet) -> None:
    """Its id may be somebody else's by now: here it is that of another process."""
    tool = AffinityActuator(None)
    with puppet() as stranger:
        found = tool.read(of(process.pid))
        stale = ThreadValue(tid=stranger.pid, start_ticks=process.start_ticks, value=found.value)
        found = found.model_copy(update={"threads": (*found.threads, stale)})
        tool.put(of(process.pid), str(CPUS[0]), found, lambda threads: "")
        assert process.masks() == {process.pid: FIRST}
        assert stranger.masks() == {stranger.pid: ALL}


def test_a_thread_met_only_while_writing_is_noted_before_it_is_set(process: Puppet) -> None:
    tool = AffinityActuator(None)
    found = tool.read(of(process.pid))
    special = process.tell("thread")
    os.sched_setaffinity(special, SECOND)
    noted: dict[int, tuple[str, set[int]]] = {}

    def note(threads: tuple[ThreadValue, ...]) -> str:
        noted.update({one.tid: (one.value, os.sched_getaffinity(one.tid)) for one in threads})
        return ""

    tool.put(of(process.pid), str(CPUS[0]), found, note)
    assert noted[special] == (str(CPUS[-1]), SECOND)
    assert process.masks() == {process.pid: FIRST, special: FIRST}


def test_no_more_files_to_open_does_not_mean_that_it_has_ended(process: Puppet, actuation: Actuation) -> None:
    actuation.apply([to(process.pid, FIRST)])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        assert actuation.reconcile() == []
        (failed,) = actuation.restore_all("end")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert failed.failed
    assert "Too many open files" in (failed.skipped or "")
    assert len(actuation.in_force()) == 1
    assert [one.skipped for one in actuation.restore_all("end")] == [None]
    assert process.masks() == {process.pid: ALL}


def test_one_thread_that_cannot_be_given_back_does_not_stop_the_rest(process: Puppet) -> None:
    """As one whose only CPU has gone offline."""
    tool, target = AffinityActuator(None), of(process.pid)
    others = [process.tell("thread"), process.tell("thread")]
    found = tool.read(target)
    tool.put(target, str(CPUS[0]), found, lambda threads: "")
    nowhere = [
        one.model_copy(update={"value": "4000"}) if one.tid == process.pid else one for one in found.threads
    ]
    with pytest.raises(Exception, match="Invalid argument"):
        tool.put_back(target, found.model_copy(update={"threads": tuple(nowhere)}), [str(CPUS[0])])
    assert process.masks() == {process.pid: FIRST, others[0]: ALL, others[1]: ALL}


def test_nothing_is_kept_of_what_has_ended(actuation: Actuation) -> None:
    tool = actuation._funnel._actuators["affinity"]
    assert isinstance(tool, AffinityActuator)
    for number in range(3):
        with puppet() as short:
            actuation.apply([to(short.pid, FIRST, f"{number}.1")])
            os.sched_setaffinity(short.pid, SECOND)
            actuation.reconcile()
        actuation.reconcile()
    assert (dict(tool._seen), actuation._funnel.kept.left) == ({}, set())
