"""Which workload an event belongs to, where workloads are cgroups."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from quick_start import started

from llamas_bpf import machine
from llamas_bpf.as_json import digest_json
from llamas_bpf.config import Config
from llamas_bpf.controller.windows import windows

MOUNT = Path("/sys/fs/cgroup")
PAGES = 2503  # a prime
TOUCH = f"""
import mmap, os, sys
def touch():
    memory = mmap.mmap(-1, {PAGES} * 4096)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range({PAGES}):
        memory[page * 4096] = 1
"""
COMPUTES = """
import select, sys
print("there", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    pass
"""
Row = dict[str, Any]


class Watcher:
    """Windows on a thread of its own, from the first to the end of the tests."""

    def __init__(self) -> None:
        self.rows: list[list[Row]] = []
        self._stop, self._came = threading.Event(), threading.Condition()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        for digest in windows(Config(), machine.read(), self._stop, None):
            with self._came:
                self.rows.append(digest_json(digest)["workloads"])
                self._came.notify()

    def until(self, reached: Callable[[], bool]) -> None:
        """Looks after each window."""
        with self._came:
            assert self._came.wait_for(reached, 120)

    def during(self, act: Callable[[], None]) -> list[Row]:
        """The rows of the windows in which ``act`` ran."""
        first = len(self.rows)
        act()
        seen = len(self.rows)
        self.until(lambda: len(self.rows) >= seen + 2)
        return self.since(first)

    def since(self, first: int) -> list[Row]:
        return [row for rows in self.rows[first:] for row in rows]

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def watcher() -> Iterator[Watcher]:
    """One for all tests: an emulated processor takes seconds to load the probes."""
    found = Watcher()
    try:
        found.until(lambda: bool(found.rows))
        yield found
    finally:
        found.end()


def minor(rows: list[Row], name: str) -> int:
    return sum(row["faults"]["minor"] for row in rows if row["name"] == name)


def test_cgroups_below_a_workload_are_part_of_it(watcher: Watcher) -> None:
    """As a service does that gives each of its workers a cgroup of its own."""
    program = TOUCH + "print('there', flush=True); sys.stdin.readline(); touch(); print('done', flush=True)"
    program += "; sys.stdin.readline()"
    with started("exec", "--name", "nest", "--", sys.executable, "-c", program) as nest:
        assert nest.stdout.readline() == b"there\n"
        home = MOUNT / "llamas-bpf/nest"
        pids = (home / "cgroup.procs").read_text().split()
        (home / "worker").mkdir()
        (home / "worker/cgroup.procs").write_text(pids[0])

        def touch() -> None:
            nest.stdin.write(b"\n")
            nest.stdin.flush()
            assert nest.stdout.readline() == b"done\n"

        rows = watcher.during(touch)
        assert minor(rows, "nest") >= PAGES
        assert not [row for row in rows if (row["cgroup"] or "").endswith("/worker")]
        nest.end()
    if home.exists():
        (home / "worker").rmdir()


def test_cgroups_that_come_and_go_within_a_window_are_counted(watcher: Watcher) -> None:
    script = TOUCH + "touch()"

    def jobs() -> None:
        for number in range(4):
            cgroup = MOUNT / f"job{number}"
            cgroup.mkdir()
            enter = f"import os; open('{cgroup}/cgroup.procs', 'w').write(str(os.getpid()))\n"
            # Not by ourselves: a watcher's own children are left out.
            subprocess.run(["sh", "-c", '"$@"; exit', "sh", sys.executable, "-c", enter + script], check=True)
            cgroup.rmdir()

    rows = watcher.during(jobs)
    named = [row for row in rows if row["name"] == "ended" or row["name"].startswith("/job")]
    assert sum(row["faults"]["minor"] for row in named) >= 4 * PAGES


def test_a_cgroup_above_others_is_not_charged_with_theirs(watcher: Watcher) -> None:
    """memory.stat and cpu.stat of a cgroup hold those of all below: only events tell its own."""
    first = len(watcher.rows)

    def ran_ns() -> float:
        return sum((row["sched"]["run_ns"] for row in watcher.since(first) if row["name"] == "below"), 0.0)

    def root() -> list[Row]:
        return [row for row in watcher.since(first) if row["cgroup"] == "/"]

    with started("exec", "--name", "below", "--", sys.executable, "-c", COMPUTES) as below:
        assert below.stdout.readline() == b"there\n"
        watcher.until(lambda: ran_ns() > 1e9 and len(root()) > 1)
    assert all(row["memory"]["current_bytes"] is None for row in root())
    assert json.dumps(watcher.since(first)).count("NaN") == 0


@pytest.mark.skipif(
    len({cpu.node for cpu in machine.read().cpus}) < 2,
    reason="kernel feature: processors on two memory nodes",
)
def test_on_which_nodes_cpus_it_runs(watcher: Watcher) -> None:
    """One that computes, and is moved from the last CPU to the first."""
    with started("exec", "--name", "wanders", "--", sys.executable, "-c", COMPUTES) as wanders:
        assert wanders.stdout.readline() == b"there\n"
        for cpu in (max(machine.read().cpus, key=lambda each: each.node), machine.read().cpus[0]):
            for pid in (MOUNT / "llamas-bpf/wanders/cgroup.procs").read_text().split():
                os.sched_setaffinity(int(pid), {cpu.id})
            watcher.until(lambda node=cpu.node: node in now(watcher, "wanders"))  # type: ignore[misc]


def now(watcher: Watcher, name: str) -> list[int | None]:
    return [row["cpu_node"] for row in watcher.rows[-1] if row["name"] == name]
