"""``llamas-bpf exec`` where cgroup v2 has its controllers, and ``rollback`` after a crash."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from acting import action
from guest_workloads import EXEC, MIB, MOUNT, anon_bytes, directory, holding, knob

from llamas_bpf.act import enforcing_lock

ROLLBACK = [sys.executable, "-m", "llamas_bpf.cli", "rollback", "--json", "--state"]

#: Sets a knob, and dies without a word.
CRASH = """
import os, sys
from pathlib import Path
from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Action
wanted = [Action.model_validate_json(text) for text in sys.argv[2:]]
Actuation(machine.read(), Journal(Path(sys.argv[1])), dry_run=False).apply(wanted)
os.kill(os.getpid(), 9)
"""


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*EXEC, *command], check=False, capture_output=True, text=True)


def test_the_command_starts_inside_its_own_cgroup() -> None:
    done = run("--name", "inside", "--", "cat", "/proc/self/cgroup")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0::/llamas-bpf/inside\n"
    assert not (MOUNT / "llamas-bpf/inside").exists()


def test_it_has_the_controllers_and_nobody_else_gets_them() -> None:
    with holding(1) as workload:
        controllers = (directory(workload) / "cgroup.controllers").read_text().split()
        assert {"cpu", "cpuset", "memory"} <= set(controllers)
        assert (directory(workload) / "cgroup.subtree_control").read_text().strip() == ""
        assert workload.cgroup_id == directory(workload).stat().st_ino


def test_a_cgroup_still_in_use_stays_and_says_so() -> None:
    """What the command left behind lives until we close a pipe that it reads."""
    awaited, ours = os.pipe()
    with os.fdopen(ours, "wb"):
        left = "exec 3<&0; cat <&3 >/dev/null 2>&1 & exit 3"
        command = [*EXEC, "--name", "lasting", "--", "sh", "-c", left]
        done = subprocess.run(command, stdin=awaited, capture_output=True, text=True)
        os.close(awaited)
        assert done.returncode == 3
        assert "processes that the command started still run in it" in done.stderr
        again = run("--name", "lasting", "--", "true")
        assert again.returncode == 125
        assert "cgroup.procs" in again.stderr
    procs = MOUNT / "llamas-bpf/lasting/cgroup.procs"
    while procs.read_text():
        time.sleep(0.01)
    assert run("--name", "lasting", "--", "true").returncode == 0
    assert not procs.exists()


@pytest.mark.needs("lower memory tier")
def test_memory_comes_from_the_tier_that_was_asked_for() -> None:
    with holding(32, "slow", "--mems", "tier1") as workload:
        assert anon_bytes(workload)["N2"] >= 32 * MIB


@pytest.mark.needs("node2")
def test_after_a_crash_rollback_restores(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with holding(1) as workload:
        before = {name: (directory(workload) / name).read_bytes() for name in ("cpu.weight", "cpuset.mems")}
        wanted = [
            action(knob(workload, "cpu.weight"), "50", id_="17.1"),
            action(knob(workload, "cpuset.mems"), "2", id_="18.1"),
        ]
        command = [sys.executable, "-c", CRASH, state, *(one.model_dump_json() for one in wanted)]
        assert subprocess.run(command, check=False).returncode == -9
        assert (directory(workload) / "cpuset.mems").read_text() == "2\n"
        with enforcing_lock():
            busy = subprocess.run([*ROLLBACK, state], check=False, capture_output=True, text=True)
            assert busy.returncode == 1
            assert "is already enforcing on this host" in busy.stderr
        done = subprocess.run([*ROLLBACK, state], check=True, capture_output=True, text=True)
        assert [(one["action_id"], one["value"]) for one in json.loads(done.stdout)] == [
            ("18.1", before["cpuset.mems"].decode().strip()),
            ("17.1", "100"),
        ]
        assert {name: (directory(workload) / name).read_bytes() for name in before} == before
        again = subprocess.run([*ROLLBACK, state], check=True, capture_output=True, text=True)
        assert json.loads(again.stdout) == []
