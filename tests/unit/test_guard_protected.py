"""Whom the guard lets nobody touch."""

import os
import subprocess
from pathlib import Path

import pytest
from acting import action
from guarding import knob, living, refusal, window

from llamas_bpf import own, process_stat
from llamas_bpf.contracts.action import CgroupKnob
from llamas_bpf.contracts.workload import ProcessId, Workload
from llamas_bpf.guard import Guard, Limits
from llamas_bpf.guard.checks import protected
from llamas_bpf.guard.checks.protected import PF_KTHREAD


def test_protected_cgroups_with_everything_below() -> None:
    for cgroup in ("/system.slice", "/system.slice/ssh.service"):
        one = action(CgroupKnob(cgroup=cgroup, cgroup_id=1, knob="cpu.weight"), "100")
        check, sentence = refusal(one, window(cgroup=cgroup)) or ("", "")
        assert check == "protected"
        assert "/system.slice" in sentence
    near = action(CgroupKnob(cgroup="/system.slices", cgroup_id=1, knob="cpu.weight"), "100")
    assert refusal(near, window(cgroup="/system.slices")) is None


def me(pid: int) -> ProcessId:
    stat = process_stat.read(pid)
    assert stat is not None
    return ProcessId(pid, stat.start_ticks)


def test_process_1_and_ourselves_are_protected() -> None:
    for pid, words in ((1, "process 1"), (os.getpid(), "llamas-bpf itself")):
        check, sentence = refusal(knob("cpu.weight", "100"), window(processes=(me(pid),))) or ("", "")
        assert check == "protected"
        assert words in sentence


def test_what_works_for_us_is_protected() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        try:
            where = window(processes=(me(child.pid),))
            assert refusal(knob("cpu.weight", "100"), where) is None
            own.add(child.pid)
            check, sentence = refusal(knob("cpu.weight", "100"), where) or ("", "")
            assert (check, "llamas-bpf itself" in sentence) == ("protected", True)
        finally:
            own.remove(child.pid)
            child.kill()


def test_kernel_threads_are_protected() -> None:
    kthreadd = process_stat.read(2)
    assert kthreadd is not None
    assert kthreadd.flags & PF_KTHREAD
    processes = (ProcessId(2, kthreadd.start_ticks),)
    check, sentence = refusal(knob("cpu.weight", "100"), window(processes=processes)) or ("", "")
    assert check == "protected"
    assert "kernel thread" in sentence


def test_executables_and_users_are_protected_and_command_names_are_not(tmp_path: Path) -> None:
    parent = os.getppid()
    executable = str(Path(f"/proc/{parent}/exe").readlink())
    one, where = knob("cpu.weight", "100"), window(processes=(me(parent),))
    for protect in (
        {"executables": [executable]},
        {"users": [Path(f"/proc/{parent}").owner()]},
    ):
        limits = Limits.model_validate({"protect": protect})
        _, refused = Guard(limits).check([one], where, {1: 1.0})
        assert [found.check for found in refused] == ["protected"]
    linked = tmp_path / "linked"
    linked.symlink_to(executable)
    limits = Limits.model_validate({"protect": {"executables": [str(linked)]}})
    assert [found.check for found in Guard(limits).check([one], where, {1: 1.0})[1]] == ["protected"]
    by_name = Limits.model_validate({"protect": {"executables": ["/usr/sbin/sshd"]}})
    disguised = living(where, name="sshd", processes=(me(parent),))
    assert Guard(by_name).check([one], disguised, {1: 1.0}) == ([one], [])


def test_a_workloads_processes_are_looked_at_once_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def members(workload: Workload, _: str | None) -> list[int]:
        looked.append(workload.id)
        return []

    monkeypatch.setattr(protected, "_members", members)
    several = [knob("cpu.weight", "100"), knob("cpuset.cpus", "0"), knob("cpuset.mems", "0")]
    guard, where = Guard(Limits()), window()
    assert guard.check(several, where, {1: 1.0})[0] == several
    assert looked == ["w1"]
    guard.check(several[:1], where, {1: 1.0})
    assert looked == ["w1"] * 2
