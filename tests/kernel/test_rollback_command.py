"""``llamas-bpf rollback``, as an operator types it after a crash."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action, here
from puppet import Puppet, puppet

from llamas_bpf.act import Actuation, Journal, enforcing_lock
from llamas_bpf.act.journal import NAME
from llamas_bpf.contracts.action import Affinity

CPUS = sorted(os.sched_getaffinity(0))
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root may hold the lock in /run"),
    pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU"),
]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Puppet]:
    """Confined to one CPU by a controller of which only the journal is left."""
    with puppet() as found:
        target = Affinity(pid=found.pid, start_ticks=found.start_ticks)
        journal = Journal(tmp_path)
        Actuation(here(), journal, dry_run=False).apply([action(target, str(CPUS[0]), id_="17.1")])
        journal.close()
        assert found.masks() == {found.pid: {CPUS[0]}}
        yield found


def rollback(state: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "llamas_bpf.cli", "rollback", "--state", str(state), *options]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_it_puts_back_and_says_what(process: Puppet, tmp_path: Path) -> None:
    assert "nothing of 16 is in force" in rollback(tmp_path, "16").stdout
    done = rollback(tmp_path, "17")
    assert done.returncode == 0, done.stderr
    assert f"affinity of pid {process.pid}" in done.stdout
    assert process.masks() == {process.pid: set(CPUS)}
    assert "nothing is in force" in rollback(tmp_path, "--all").stdout


def test_for_machines(process: Puppet, tmp_path: Path) -> None:
    (entry,) = json.loads(rollback(tmp_path, "--json").stdout)
    assert (entry["action_id"], entry["skipped"], entry["failed"]) == ("17.1", None, False)
    assert process.masks() == {process.pid: set(CPUS)}


def test_not_while_a_controller_runs(process: Puppet, tmp_path: Path) -> None:
    with enforcing_lock():
        refused = rollback(tmp_path)
    assert refused.returncode == 1
    assert f"process {os.getpid()} is already enforcing on this host" in refused.stderr
    assert process.masks() == {process.pid: {CPUS[0]}}


def test_a_forged_journal_and_wrong_usage_are_2(process: Puppet, tmp_path: Path) -> None:
    assert rollback(tmp_path, "17", "--all").returncode == 2
    with (tmp_path / NAME).open("a") as journal:
        journal.write('{"entry": "intent", "path": "/etc/passwd"}\n')
    refused = rollback(tmp_path)
    assert refused.returncode == 2
    assert "nothing was changed" in refused.stderr
    assert process.masks() == {process.pid: {CPUS[0]}}
