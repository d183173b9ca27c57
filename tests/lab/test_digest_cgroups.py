"""Which workload an event belongs to, where workloads are cgroups."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from controller import workload

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
Row = dict[str, Any]


def watched(during: Callable[[], None]) -> list[Row]:
    """Rows of the windows in which ``during`` ran."""
    found: list[Row] = []
    stop, going = threading.Event(), threading.Event()

    def watch() -> None:
        for digest in windows(Config(), machine.read(), stop, None):
            found.append(digest_json(digest))
            going.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert going.wait(60)
        during()
        seen = len(found)
        while len(found) < seen + 2:
            going.wait(0.1)
    finally:
        stop.set()
        watcher.join()
    return [row for digest in found for row in digest["workloads"]]


def minor(rows: list[Row], name: str) -> int:
    return sum(row["faults"]["minor"] for row in rows if row["name"] == name)


def test_cgroups_below_a_workload_are_part_of_it() -> None:
    """As a service does that gives each of its workers a cgroup of its own."""
    program = TOUCH + "print('there', flush=True); sys.stdin.readline(); touch(); print('done', flush=True)"
    program += "; sys.stdin.readline()"
    with workload("nest", sys.executable, "-c", program) as nest:
        assert nest.stdin is not None and nest.stdout is not None
        assert nest.stdout.readline() == "there\n"
        home = MOUNT / "llamas-bpf/nest"
        pids = (home / "cgroup.procs").read_text().split()
        (home / "worker").mkdir()
        (home / "worker/cgroup.procs").write_text(pids[0])

        def touch() -> None:
            assert nest.stdin is not None and nest.stdout is not None
            nest.stdin.write("\n")
            nest.stdin.flush()
            assert nest.stdout.readline() == "done\n"

        rows = watched(touch)
        assert minor(rows, "nest") >= PAGES
        assert not [row for row in rows if (row["cgroup"] or "").endswith("/worker")]
        nest.communicate("\n")
    if home.exists():
        (home / "worker").rmdir()


def test_cgroups_that_come_and_go_within_a_window_are_counted() -> None:
    script = TOUCH + "touch()"

    def jobs() -> None:
        for number in range(4):
            cgroup = MOUNT / f"job{number}"
            cgroup.mkdir()
            enter = f"import os; open('{cgroup}/cgroup.procs', 'w').write(str(os.getpid()))\n"
            subprocess.run([sys.executable, "-c", enter + script], check=True)
            cgroup.rmdir()

    rows = watched(jobs)
    named = [row for row in rows if row["name"] == "ended" or row["name"].startswith("/job")]
    assert sum(row["faults"]["minor"] for row in named) >= 4 * PAGES


def test_a_cgroup_above_others_is_not_charged_with_theirs() -> None:
    """memory.stat and cpu.stat of a cgroup hold those of all below: only events tell its own."""

    def spin() -> None:
        program = "print('there', flush=True)\nwhile True: pass"
        with workload("below", sys.executable, "-c", program) as below:
            assert below.stdout is not None
            assert below.stdout.readline() == "there\n"
            threading.Event().wait(4)

    rows = watched(spin)
    below = sum(row["sched"]["run_ns"] for row in rows if row["name"] == "below")
    root = [row for row in rows if row["cgroup"] == "/"]
    assert below > 1e9
    assert root
    assert all(row["memory"]["current_bytes"] is None for row in root)
    assert json.dumps(rows).count("NaN") == 0
