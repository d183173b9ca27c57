"""A process's children: all that live, with the kernel's list or without; none that end is an error."""

import os
import subprocess
import threading

import pytest

from llamas_bpf import process_children
from llamas_bpf.digest.trees import descendants


@pytest.mark.parametrize("listed", [True, False])
def test_the_children_of_all_threads(monkeypatch: pytest.MonkeyPatch, listed: bool) -> None:
    monkeypatch.setattr(process_children, "_LISTED", listed)
    started: list[subprocess.Popen[bytes]] = []
    ending = threading.Event()

    def start() -> None:
        started.append(subprocess.Popen(["sleep", "1000"]))
        ending.wait()

    other = threading.Thread(target=start)
    other.start()
    try:
        started.append(subprocess.Popen(["sleep", "1000"]))
        while len(started) < 2:
            pass
        assert {process.pid for process in started} <= set(process_children.of(os.getpid()))
    finally:
        ending.set()
        other.join()
        for process in started:
            process.kill()
            process.wait()
    assert not {process.pid for process in started} & set(process_children.of(os.getpid()))


def test_processes_that_end_meanwhile_are_left_out() -> None:
    # sh is replaced by the next sh, each a child of the one before for a moment.
    script = "while :; do sh -c '(:) & (:) & wait' & wait; done"
    with subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL) as churn:
        try:
            seen = set[int]()
            while len(seen) < 200:
                seen |= descendants(churn.pid)
        finally:
            churn.kill()
