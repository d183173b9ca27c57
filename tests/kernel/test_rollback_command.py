"""``llamas-bpf rollback``, as an operator types it after a crash."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from acting import action, here
from puppet import Puppet, puppet

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, Journal, enforcing_lock
from llamas_bpf.act.journal import NAME
from llamas_bpf.contracts.action import Affinity

CPUS = sorted(os.sched_getaffinity(0))
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root may hold the lock in /run"),
    pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU"),
]


#: The command, asked to end in both ways once the first has its CPUs back.
ASKED_TO_END = """
import os, signal, sys
from llamas_bpf.cli import main
put, signals = os.sched_setaffinity, [signal.SIGINT, signal.SIGTERM]
def puts(*arguments):
    put(*arguments)
    while signals:
        os.kill(os.getpid(), signals.pop())
        print("asked to end", file=sys.stderr)
os.sched_setaffinity = puts
main()
"""


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


def test_a_signal_half_way_waits_for_the_rest(tmp_path: Path) -> None:
    with ExitStack() as stack:
        sleepers = [stack.enter_context(subprocess.Popen(["sleep", "600"])) for _ in range(5)]
        for sleeper in sleepers:
            stack.callback(sleeper.kill)
        targets = [Affinity(pid=one.pid, start_ticks=_start_ticks(one.pid)) for one in sleepers]
        journal = Journal(tmp_path)
        actions = [action(target, str(CPUS[0]), id_=f"17.{n}") for n, target in enumerate(targets)]
        Actuation(here(), journal, dry_run=False).apply(actions)
        journal.close()
        assert [os.sched_getaffinity(one.pid) for one in sleepers] == [{CPUS[0]}] * len(sleepers)

        command = [sys.executable, "-c", ASKED_TO_END, "rollback", "--all", "--state", str(tmp_path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("asked to end") == 2
        assert [os.sched_getaffinity(one.pid) for one in sleepers] == [set(CPUS)] * len(sleepers)


def _start_ticks(pid: int) -> int:
    stat = process_stat.read(pid)
    assert stat is not None
    return stat.start_ticks


def test_what_nobody_can_have_meant(tmp_path: Path) -> None:
    for wrong in ("abc", "17.", "1.2.3", "-1"):
        assert rollback(tmp_path, wrong).returncode == 2
    done = rollback(tmp_path / "none", "17")
    assert done.returncode == 0
    assert "nothing to roll back: there is no journal in" in done.stdout


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
