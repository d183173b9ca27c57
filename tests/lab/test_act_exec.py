"""``llamas-bpf exec`` where cgroup v2 has its controllers, and ``rollback`` after a crash."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from acting import action
from dying import dies
from guest_workloads import EXEC, MIB, MOUNT, anon_bytes, directory, holding, knob
from quick_start import ran, started

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal, enforcing_lock


def test_the_command_starts_inside_its_own_cgroup() -> None:
    command = [*EXEC, "--name", "inside", "--", "cat", "/proc/self/cgroup"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "0::/llamas-bpf/inside\n"
    assert not (MOUNT / "llamas-bpf/inside").exists()


def test_it_has_the_controllers_and_nobody_else_gets_them() -> None:
    with holding(1) as workload:
        controllers = (directory(workload) / "cgroup.controllers").read_text().split()
        assert {"cpu", "cpuset", "memory"} <= set(controllers)
        assert (directory(workload) / "cgroup.subtree_control").read_text().strip() == ""
        assert workload.cgroup_id == directory(workload).stat().st_ino


LASTING = ("exec", "--name", "lasting", "--")


def test_a_cgroup_still_in_use_stays_and_says_so() -> None:
    """What the command left behind lives until we close a pipe that it reads."""
    left = "exec 3<&0; cat <&3 >/dev/null 2>&1 & exit 3"
    with TemporaryFile() as stderr, started(*LASTING, "sh", "-c", left, stderr=stderr) as first:
        _, errors = first.communicate()
        assert first.returncode == 3
        assert "processes that the command started still run in it" in errors
        again = ran(*LASTING, "true")
        assert again.returncode == 125
        assert "cgroup.procs" in again.stderr
    procs = MOUNT / "llamas-bpf/lasting/cgroup.procs"
    while procs.read_text():
        time.sleep(0.01)
    assert ran(*LASTING, "true").returncode == 0
    assert not procs.exists()


@pytest.mark.needs("lower memory tier")
def test_memory_comes_from_the_tier_that_was_asked_for() -> None:
    with holding(32, "slow", "--mems", "tier1") as workload:
        assert anon_bytes(workload)["N2"] >= 32 * MIB


@pytest.mark.needs("node2")
def test_after_a_crash_rollback_restores(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    rollback = ("rollback", "--json", "--state", state)

    def restored() -> list[tuple[str, str]]:
        done = ran(*rollback)
        assert done.returncode == 0, done.stderr
        return [(one["action_id"], one["value"]) for one in json.loads(done.stdout)]

    with holding(1) as workload:
        before = {name: (directory(workload) / name).read_bytes() for name in ("cpu.weight", "cpuset.mems")}
        wanted = [
            action(knob(workload, "cpu.weight"), "50", id_="17.1"),
            action(knob(workload, "cpuset.mems"), "2", id_="18.1"),
        ]

        def crash() -> None:
            Actuation(machine.read(), Journal(Path(state)), dry_run=False).apply(wanted)
            os.kill(os.getpid(), signal.SIGKILL)

        assert dies(crash, at=1_000_000)
        assert (directory(workload) / "cpuset.mems").read_text() == "2\n"
        with enforcing_lock():
            busy = ran(*rollback)
            assert busy.returncode == 1
            assert "is already enforcing on this host" in busy.stderr
        assert restored() == [("18.1", before["cpuset.mems"].decode().strip()), ("17.1", "100")]
        assert {name: (directory(workload) / name).read_bytes() for name in before} == before
        assert restored() == []
