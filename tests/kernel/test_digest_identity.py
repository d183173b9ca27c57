"""Who is who among processes: a pid that is given out again is another workload."""

import ctypes
import errno
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from quiet import LAYOUTS

from llamas_bpf import process_stat
from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.contracts.workload import Launched, ProcessId, Workload
from llamas_bpf.digest.processes import Processes

CLONE3 = 435  # on every architecture
LIBC = ctypes.CDLL(None, use_errno=True)
NS_PER_TICK = 10**9 // os.sysconf("SC_CLK_TCK")
LIFECYCLE = LAYOUTS["lifecycle_event"]


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


@contextmanager
def sleeping() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            yield process
        finally:
            process.kill()


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


def key_of(pid: int) -> int:
    """As the kernel's side makes it, from what /proc tells."""
    return pid << 32 | (ticks(pid) * NS_PER_TICK >> 20) % (1 << 32)


def lived(kind: LifecycleType, pid: int, parent: int, name: str, start_ns: int) -> np.ndarray:
    record = np.zeros(1, LIFECYCLE)
    record["type"], record["tgid"], record["parent_tgid"], record["comm"] = kind, pid, parent, name
    record["start_ns"], record["workload"] = start_ns, pid << 32 | (start_ns >> 20) % (1 << 32)
    return record


class Windows:
    """``Processes``, asked window by window."""

    def __init__(self) -> None:
        self.who = Processes()

    def all(
        self, keys: list[int], *lives: np.ndarray, whole: bool = True, launched: Sequence[Launched] = ()
    ) -> list[tuple[Workload, list[int]]]:
        lifecycle = np.concatenate([np.zeros(0, LIFECYCLE), *lives])
        return self.who.resolve(keys, lifecycle, whole, launched)

    def one(
        self, keys: list[int], *lives: np.ndarray, whole: bool = True, launched: Sequence[Launched] = ()
    ) -> Workload:
        ((workload, _),) = self.all(keys, *lives, whole=whole, launched=launched)
        return workload


def test_a_process_is_the_same_workload_while_it_lives_and_when_it_has_ended() -> None:
    windows = Windows()
    with sleeping() as process:
        key = key_of(process.pid)
        first = windows.one([key])
        assert first.name == "sleep"
        assert first.processes == (ProcessId(process.pid, ticks(process.pid)),)
        windows.all([])
        assert windows.one([key]) == first
        start_ns = first.processes[0].start_ticks * NS_PER_TICK
        process.kill()
        process.wait()
        # It is last seen on a CPU in the window of its end, or in the next.
        end = lived(LifecycleType.EXIT, process.pid, 1, "sleep", start_ns)
        assert windows.one([key], end) == first
        assert windows.one([key]) == first
        assert windows.one([key]).name == "exited"


def test_one_that_was_born_and_died_unseen_is_known_by_its_records() -> None:
    windows = Windows()
    birth = lived(LifecycleType.FORK, 999_999, 1, "make", 5 << 40)
    program = lived(LifecycleType.EXEC, 999_999, 1, "cc1", 5 << 40)
    key = int(birth["workload"][0])
    found = windows.one([key], birth, program)
    assert found.name == "cc1"
    assert found.processes == (ProcessId(999_999, (5 << 40) // NS_PER_TICK),)
    again = windows.one([key], lived(LifecycleType.EXEC, 999_999, 1, "as", 5 << 40))
    assert (again.id, again.name) == (found.id, "as")


def test_a_pid_given_out_again_is_another_workload() -> None:
    windows = Windows()
    process = subprocess.Popen(["sleep", "600"])
    before = key_of(process.pid)
    first = windows.one([before])
    reborn(process)
    try:
        after = key_of(process.pid)
        found = {work.id: work for work, _ in windows.all([before, after])}
        assert found.pop(first.id) == first
        (second,) = found.values()
        assert second.name == "tail"
        assert second.processes == (ProcessId(process.pid, ticks(process.pid)),)
        assert windows.one([after]) == second
        # Without its records, what was born later is not taken for what had the pid before.
        assert Windows().one([before]).name == "exited"
    finally:
        end(process.pid)


def test_what_is_gone_is_forgotten_also_without_records() -> None:
    windows = Windows()
    with sleeping() as process:
        key = key_of(process.pid)
        windows.one([key], whole=False)
        process.kill()
        process.wait()
        windows.all([], whole=False)
        windows.all([], whole=False)
        assert not windows.who._known


def test_a_tree_whose_root_has_anothers_pid_is_another_workload() -> None:
    process = subprocess.Popen(["sleep", "600"])
    root = ProcessId(process.pid, ticks(process.pid))
    windows, launched = Windows(), [Launched("tree", "boot", root, None, None)]
    first = windows.one([key_of(process.pid)], launched=launched)
    assert (first.name, first.started_by_exec, first.processes) == ("tree", True, (root,))
    reborn(process)
    try:
        reborn_root = ProcessId(process.pid, ticks(process.pid))
        again = [Launched("tree", "boot", reborn_root, None, None)]
        second = windows.one([], launched=again)
        assert (second.name, second.started_by_exec) == ("tree", True)
        assert second.processes == (reborn_root,)
        assert second.id != first.id
    finally:
        end(process.pid)


def test_a_tree_keeps_what_its_members_leave_behind() -> None:
    """A grandchild whose parent has ended hangs below init, and is still of the tree."""
    with sleeping() as process:
        root = ProcessId(process.pid, ticks(process.pid))
        windows, launched = Windows(), [Launched("tree", "boot", root, None, None)]
        windows.one([], launched=launched)
        start_ns = root.start_ticks * NS_PER_TICK
        births = (
            lived(LifecycleType.FORK, 888_888, process.pid, "sh", start_ns),
            lived(LifecycleType.FORK, 888_889, 888_888, "sh", start_ns),
            lived(LifecycleType.EXIT, 888_888, process.pid, "sh", start_ns),
        )
        ((tree, keys),) = windows.all(
            [int(birth["workload"][0]) for birth in births[:2]], *births, launched=launched
        )
        assert keys == [int(birth["workload"][0]) for birth in births[:2]]
        assert {each.pid for each in tree.processes} == {process.pid, 888_889}
        ((_, keys),) = windows.all([keys[0], keys[1]], launched=launched)
        assert len(keys) == 2  # the last of one that has ended
        found = windows.all([keys[0], keys[1]], launched=launched)
        assert [members for _, members in found] == [[keys[1]], [keys[0]]]
        # Once records have been missed, only what /proc shows can be believed.
        assert windows.one([], whole=False, launched=launched).processes == (root,)
