"""Births and deaths as the process-event connector tells them, of programs whose history is known."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from llamas_bpf import process_stat
from llamas_bpf.contracts.events import LifecycleType
from llamas_bpf.sense import connector as connector_module
from llamas_bpf.sense.connector import Connector

NS_PER_TICK = 10**9 // os.sysconf("SC_CLK_TCK")
FORK, EXEC, EXIT = LifecycleType.FORK, LifecycleType.EXEC, LifecycleType.EXIT

#: What happens to a process of several threads, by ``sys.argv[1]``; it waits for a line before its end.
THREADS = """
import ctypes, os, sys, threading, time
def end(): print("up", flush=True); sys.stdin.readline(); os._exit(0)
def program(): os.execv("/bin/cat", ["cat"])
if sys.argv[1] == "leader leaves":
    threading.Thread(target=end).start()
    ctypes.CDLL(None).syscall(60, 0)
if sys.argv[1] == "thread execs":
    threading.Thread(target=program).start()
    time.sleep(60)
for _ in range(5):
    thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
end()
"""


FILES = Path("/proc/self/fd")


@contextmanager
def listening(**options: int) -> Iterator[Connector]:
    connector = Connector(**options)
    connector.open()
    try:
        yield connector
    finally:
        connector.close()


def settle(connector: Connector, pid: int, kind: LifecycleType, times: int = 1) -> tuple[np.ndarray, bool]:
    """Everything up to and with that record, the so manieth of its kind."""
    records, whole = connector.take()
    deadline = time.monotonic() + 60
    while ((records["tgid"] == pid) & (records["type"] == kind)).sum() < times:
        assert time.monotonic() < deadline, f"no {kind!r} of {pid} in {records}"
        time.sleep(0.01)
        more, also = connector.take()
        records, whole = np.concatenate([records, more]), whole and also
    return records, whole


def so_far(connector: Connector) -> np.ndarray:
    """All that happened before this call: events come in their order, and this waits for one of its own."""
    with subprocess.Popen(["true"]) as marker:
        return settle(connector, marker.pid, EXIT)[0]


def history(records: np.ndarray, pid: int) -> list[LifecycleType]:
    return [LifecycleType(kind) for kind in records[records["tgid"] == pid]["type"]]


def test_fork_exec_and_exit_come_in_order_with_who_and_when() -> None:
    with listening() as connector:
        for _ in range(20):
            before = time.monotonic_ns()
            with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
                born, whole = settle(connector, process.pid, EXEC)
                found = process_stat.read(process.pid)
                assert found is not None
            died, also_whole = settle(connector, process.pid, EXIT)
            records = np.concatenate([born, died])
            records = records[records["tgid"] == process.pid]
            assert whole and also_whole
            assert list(records["type"]) == [FORK, EXEC, EXIT]
            assert list(records["parent_tgid"][:2]) == [os.getpid()] * 2
            assert records["parent_tgid"][2] in (os.getpid(), 0)
            assert (
                before < records["ts_ns"][0] < records["ts_ns"][1] < records["ts_ns"][2] < time.monotonic_ns()
            )
            assert records["comm"][1] == b"cat"
            assert records["start_ns"][1] == found.start_ticks * NS_PER_TICK
            assert not records["workload"].any()


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("threads come and go", [FORK, EXEC, EXIT]),
        ("leader leaves", [FORK, EXEC, EXIT]),
        ("thread execs", [FORK, EXEC, EXEC, EXIT]),
    ],
)
def test_a_process_ends_with_its_last_thread(what: str, expected: list[LifecycleType]) -> None:
    with listening() as connector:
        command = [sys.executable, "-c", THREADS, what]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            if EXEC not in expected[2:]:
                assert process.stdout.readline() == b"up\n"
            before, _ = settle(connector, process.pid, EXEC, expected.count(EXEC))
            while what == "leader leaves" and process.pid not in connector._leaderless:
                time.sleep(0.01)
            before = np.concatenate([before, so_far(connector)])
            assert history(before, process.pid) == expected[:-1]
            ending = time.monotonic_ns()
        finally:
            process.communicate(b"\n")
        after, _ = settle(connector, process.pid, EXIT)
        assert history(np.concatenate([before, after, so_far(connector)]), process.pid) == expected
        assert after["ts_ns"][after["tgid"] == process.pid][-1] > ending


def test_our_own_threads_are_no_processes() -> None:
    with listening() as connector:
        for _ in range(20):
            thread = threading.Thread(target=lambda: None)
            thread.start()
            thread.join()
        with subprocess.Popen(["true"]) as other:
            records, whole = settle(connector, other.pid, EXIT)
        assert whole
        assert os.getpid() in records["parent_tgid"]
        assert os.getpid() not in records["tgid"]


def test_close_ends_the_thread_and_leaves_nothing_open() -> None:
    with listening():
        pass
    threads, files = threading.active_count(), len(list(FILES.iterdir()))
    for _ in range(5):
        with listening() as connector:
            assert threading.active_count() == threads + 1
        connector.close()
    assert threading.active_count() == threads
    assert len(list(FILES.iterdir())) == files


def test_silence_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours without a birth: the pings of the quiet moments are heard."""
    monkeypatch.setattr(connector_module, "_SILENCE_S", 0.05)
    with listening() as connector:
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            time.sleep(0.02)
            assert connector.take()[1]
