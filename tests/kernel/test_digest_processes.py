"""What a digest says of processes, from procfs, against what the kernel tells them of themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from quiet import Marks, cell, quiet

from llamas_bpf import machine, process_stat
from llamas_bpf.as_json import digest_json
from llamas_bpf.contracts.workload import Launched, ProcessId
from llamas_bpf.digest import machine_row
from llamas_bpf.digest.digester import Digester

MIB = 1 << 20
PAGES = 499  # of a file, read from disk one by one
# Each line on stdin is something to do; the answer is getrusage(2) from before and after it.
PROGRAM = """
import json, mmap, os, resource, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # or each CPU would keep some figures for itself
held = []

def hold(mib):
    memory = mmap.mmap(-1, int(mib) << 20)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range(0, len(memory), 4096):
        memory[page] = 1
    held.append(memory)

def burn(ms):
    end = time.process_time() + int(ms) / 1e3
    while time.process_time() < end:
        pass

def fault(path):
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    memory.madvise(mmap.MADV_RANDOM)
    sum(memory[page] for page in range(0, len(memory), 4096))

def child(mib):
    if os.fork() == 0:
        hold(mib)
        print("{}", flush=True)
        time.sleep(3600)

def usage():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": used.ru_utime + used.ru_stime, "major": used.ru_majflt}

for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    globals()[word](rest)
    if word != "child":
        print(json.dumps(usage()), flush=True)
"""
HERE = machine.read()


class Told:
    """The program, and a digester that takes it for a workload."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        stat = process_stat.read(process.pid)
        assert stat is not None
        root = ProcessId(process.pid, stat.start_ticks)
        here = HERE.model_copy(update={"cgroup_controllers": ()})  # so that workloads are processes
        self.digester = Digester(here, lambda: [Launched("told", here.boot_id, root, None, None)])

    def do(self, words: str) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def figure(self, column: str) -> float:
        return cell(self.digester.digest(quiet()), "told", column)


@pytest.fixture
def told() -> Iterator[Told]:
    with running() as found:
        yield found


@contextmanager
def running() -> Iterator[Told]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as process:
        try:
            yield Told(process)
        finally:
            os.killpg(process.pid, 9)


def resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) << 10


def test_cpu_time_is_that_of_getrusage(told: Told) -> None:
    before = told.do("burn 100")
    told.figure("sched.run_ns")
    after = told.do("burn 700")
    grown_ns = told.figure("sched.run_ns")
    # procfs rounds down to ticks of 10 ms, at both ends.
    assert abs(grown_ns / 1e9 - (after["cpu_s"] - before["cpu_s"])) < 0.03
    assert told.figure("sched.run_ns") <= 1e7


def test_memory_is_what_the_process_holds(told: Told) -> None:
    """Not by getrusage(2): a process inherits the maximum of whoever started it."""
    # The kernel keeps these figures per processor, and sums them up to some pages off.
    told.do("burn 1")  # once it answers, it has all that it needs for itself
    sizes = [told.figure("memory.current_bytes")]
    for mib in (200, 50):
        told.do(f"hold {mib}")
        sizes.append(told.figure("memory.current_bytes"))
        assert abs(sizes[-1] - sizes[-2] - mib * MIB) < 2 * MIB
        assert abs(sizes[-1] - resident(told.process.pid)) < 2 * MIB
    nodes = told.digester.digest(quiet()).table["memory.node_bytes"]
    assert abs(float(nodes.sum()) - sizes[-1]) < 2 * MIB


def test_major_faults_are_those_of_getrusage(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(PAGES * 4096))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    before = told.do("burn 1")
    told.figure("faults.major")
    after = told.do(f"fault {path}")
    majors = after["major"] - before["major"]
    if not majors:
        pytest.skip("kernel feature: a file system below /tmp that has to read from a disk")
    assert told.figure("faults.major") == majors
    assert told.figure("faults.major") == 0


def test_a_tree_is_the_sum_of_its_processes(told: Told) -> None:
    told.do("hold 20")
    told.do("child 30")
    shown = digest_json(told.digester.digest(quiet()))["workloads"]
    (row,) = shown
    assert told.process.pid in row["pids"]
    assert len(row["pids"]) == 2
    both = sum(resident(pid) for pid in row["pids"])
    assert both > 50 * MIB
    assert abs(row["memory"]["current_bytes"] - both) < 3 * MIB


def machine_counters() -> dict[str, float]:
    """From /proc/pressure, /proc/stat and /proc/vmstat, read in the plainest way."""
    found: dict[str, float] = {"demoted_pages": 0.0}
    for name in ("cpu", "memory", "io"):
        for line in Path(f"/proc/pressure/{name}").read_text().splitlines():
            found[f"{name}_{line.split()[0]}_ratio"] = float(line.rpartition("total=")[2])
    ticks = Path("/proc/stat").read_text().split()[4:6]
    found["idle_s"] = sum(int(word) for word in ticks) / os.sysconf("SC_CLK_TCK")
    for line in Path("/proc/vmstat").read_text().splitlines():
        name, value = line.split()
        if name == "pgpromote_success":
            found["promoted_pages"] = float(value)
        elif name.startswith("pgdemote_"):
            found["demoted_pages"] += float(value)
    return found


def node_totals() -> dict[str, int]:
    return {str(node.id): node.total_bytes for node in machine.read().nodes}


@pytest.mark.skipif(not Path("/proc/pressure").is_dir(), reason="kernel feature: pressure stall information")
def test_the_machines_own_row() -> None:
    """With more to compute than there are processors, so that somebody waits."""
    window_ns = 10**11
    digester, marks = Digester(HERE, list), Marks(machine_counters)
    marks.around(lambda: digester.digest(quiet()))
    spin = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    program = [sys.executable, "-c", spin]
    for burning in [subprocess.Popen(program) for _ in range(2 * len(HERE.cpus))]:
        assert burning.wait() == 0
    first = node_totals()
    row = marks.around(lambda: digester.digest(quiet(window_ns))).machine
    for name, ratio in row["psi"].items():
        # Rounded to a millionth of the window.
        assert marks.allow(name, ratio * window_ns / 1e3, slack=window_ns / 1e9), name
    assert row["psi"]["cpu_some_ratio"] > 0
    idle_s = (1 - row["cpu_busy_ratio"]) * window_ns / 1e9 * len(HERE.cpus)
    assert marks.allow("idle_s", idle_s, slack=window_ns / 1e9 * 1e-4 * len(HERE.cpus))
    for name in ("demoted_pages", "promoted_pages"):
        grown = row["tiering"][name]
        assert grown is None or marks.allow(name, grown)
    assert row["cpus"] == os.cpu_count()
    # Of a virtual machine its host may take memory away, and give it back.
    totals = {node: found["total_bytes"] for node, found in row["nodes"].items()}
    assert totals.keys() == first.keys() == node_totals().keys()
    for node, now in node_totals().items():
        assert min(first[node], now) <= totals[node] <= max(first[node], now)
    assert all(0 < node["free_bytes"] < node["total_bytes"] for node in row["nodes"].values())


@pytest.mark.skipif(not Path("/proc/pressure").is_dir(), reason="kernel feature: pressure stall information")
def test_the_machines_counters_as_they_stand() -> None:
    """Since the start: a busy machine may have been idle for no moment of a test."""
    before, found, after = machine_counters(), machine_row.counters(HERE), machine_counters()
    assert before["idle_s"] <= found["idle_ns"] / 1e9 <= after["idle_s"]
    for name in ("cpu_some_ratio", "memory_some_ratio", "memory_full_ratio", "io_some_ratio"):
        assert before[name] <= found[f"psi.{name}"] <= after[name]
    assert before["demoted_pages"] <= found.get("demoted_pages", 0) <= after["demoted_pages"]
