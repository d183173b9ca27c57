"""Who is who among processes: a pid that is given out again is another workload."""

import ctypes
import errno
import os
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

from llamas_bpf import process_stat
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload
from llamas_bpf.digest.workloads import Processes

CLONE3 = 435  # on every architecture
LIBC = ctypes.CDLL(None, use_errno=True)


def born(pid: int, *command: str) -> None:
    """Start a command as process ``pid``, which must be free (clone3(2), set_tid)."""
    pids = (ctypes.c_int * 1)(pid)
    arguments = struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(pids), 1, 0)
    child = LIBC.syscall(CLONE3, ctypes.create_string_buffer(arguments), len(arguments))
    if child == 0:
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    if child < 0:
        number = ctypes.get_errno()
        if number in (errno.EPERM, errno.ENOSYS, errno.EINVAL):
            pytest.skip(f"kernel feature: choosing a pid ({os.strerror(number)})")
        raise OSError(number, os.strerror(number))


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def ticks(pid: int) -> int:
    stat = process_stat.read(pid)
    assert stat is not None
    return stat.start_ticks


def reborn(first: "subprocess.Popen[bytes]") -> None:
    """End it, and let another program have its pid."""
    before = ticks(first.pid)
    first.kill()
    first.wait()
    time.sleep(2 / os.sysconf("SC_CLK_TCK"))  # the kernel tells the start in ticks
    born(first.pid, "tail", "-f", "/dev/null")
    assert ticks(first.pid) > before
    while Path(f"/proc/{first.pid}/comm").read_text() != "tail\n":
        time.sleep(0.01)


def only(found: list[tuple[Workload, list[int]]]) -> Workload:
    ((workload, _),) = found
    return workload


def test_a_process_is_the_same_workload_while_it_lives_and_when_it_has_ended() -> None:
    who = Processes()
    with subprocess.Popen(["sleep", "600"]) as process:
        first = only(who.resolve([process.pid], []))
        assert first.name == "sleep"
        assert first.processes == (ProcessId(process.pid, ticks(process.pid)),)
        who.resolve([], [])
        assert only(who.resolve([process.pid], [])) == first
        process.kill()
        process.wait()
        # Its last events arrive after its end.
        assert only(who.resolve([process.pid], [])) == first


def test_a_pid_given_out_again_is_another_workload() -> None:
    who = Processes()
    process = subprocess.Popen(["sleep", "600"])
    first = only(who.resolve([process.pid], []))
    reborn(process)
    try:
        second = only(who.resolve([process.pid], []))
        assert second.id != first.id
        assert second.name == "tail"
        assert second.processes == (ProcessId(process.pid, ticks(process.pid)),)
        assert only(who.resolve([process.pid], [])) == second
    finally:
        end(process.pid)


def test_a_tree_whose_root_has_anothers_pid_is_another_workload() -> None:
    with subprocess.Popen(["sleep", "600"]) as member:
        who = Processes(children=lambda root: {root, member.pid})
        process = subprocess.Popen(["sleep", "600"])
        root = ProcessId(process.pid, ticks(process.pid))
        launched = [Launched("tree", "boot", root, None, None)]
        ((first, keys),) = who.resolve([member.pid], launched)
        assert keys == sorted([process.pid, member.pid])
        assert {one.pid: one.start_ticks for one in first.processes} == {
            pid: ticks(pid) for pid in (process.pid, member.pid)
        }
        assert only(who.resolve([process.pid], launched)) == first
        reborn(process)
        try:
            again = [Launched("tree", "boot", ProcessId(process.pid, ticks(process.pid)), None, None)]
            second = only(who.resolve([], again))
            assert (second.name, second.started_by_exec) == ("tree", True)
            assert second.id != first.id
        finally:
            end(process.pid)
            member.kill()
