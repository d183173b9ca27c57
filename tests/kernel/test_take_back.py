"""What the kernel makes something else of is taken back, to what was in force before it."""

import os
from pathlib import Path

import pytest
from acting import action, here
from puppet import puppet

from llamas_bpf.act import Actuation, Journal
from llamas_bpf.act import holds as in_force
from llamas_bpf.act.entries import ENTRY
from llamas_bpf.contracts.action import Affinity

CPUS = sorted(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")
NONE = 4095  # sched_setaffinity(2) passes over a CPU that is not there


def test_the_earlier_action_stays_in_force(tmp_path: Path) -> None:
    with puppet() as process:
        target = Affinity(pid=process.pid, start_ticks=process.start_ticks)
        actuation = Actuation(here(), Journal(tmp_path), dry_run=False)
        actuation.apply([action(target, str(CPUS[0]), id_="1.1")])
        (done,) = actuation.apply([action(target, f"{CPUS[1]},{NONE}", id_="2.1")])
        assert done.status == "failed"
        assert f"{NONE} was written, and {CPUS[1]} is there" in done.detail
        assert process.masks() == {process.pid: {CPUS[0]}}
        assert [(one.action.id, one.new) for one in actuation.in_force()] == [("1.1", str(CPUS[0]))]
        (restored,) = actuation.restore_all("end")
        assert (restored.action_id, restored.skipped) == ("1.1", None)
        assert process.masks() == {process.pid: set(CPUS)}


def test_killed_before_it_was_taken_back(tmp_path: Path) -> None:
    """The journal up to the kernel's answer: both values are ours, also once it is compacted."""
    with puppet() as process:
        target = Affinity(pid=process.pid, start_ticks=process.start_ticks)
        journal = Journal(tmp_path)
        actuation = Actuation(here(), journal, dry_run=False)
        actuation.apply([action(target, str(CPUS[0]), id_="1.1")])
        actuation.apply([action(target, f"{CPUS[1]},{NONE}", id_="2.1")])
        entries = [ENTRY.validate_json(line) for line in journal.path.read_text().splitlines()]
        found: in_force.Holds = {}
        for entry in entries[:-1]:
            in_force.add(found, entry)
        again: in_force.Holds = {}
        for entry in in_force.as_entries(found):
            in_force.add(again, entry)
        assert again == found
        assert found[target].ours[-1] == str(CPUS[1])
        assert found[target].before is not None
        in_force.add(found, entries[-1])
        assert found[target].intent.action.id == "1.1"
        actuation.restore_all("end")
