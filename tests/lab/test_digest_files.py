"""What a digest says of a cgroup and of the machine, against the kernel's own files as a test reads them."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from guest_workloads import MIB, directory, holding
from quick_start import Started, started
from quiet import Marks, cell, quiet

from llamas_bpf import machine
from llamas_bpf.as_json import digest_json
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.digest.digester import Digester
from llamas_bpf.launched import launched

WINDOW_NS = 10**12
DEMOTION = Path("/sys/kernel/mm/numa/demotion_enabled")
# Runs what it is told, line by line, and says when it is done.
TOLD = """
import mmap, os, sys, threading, time

def burn(processes):
    for _ in range(processes):
        if os.fork() == 0:
            end = time.process_time() + 0.4
            while time.process_time() < end:
                pass
            os._exit(0)
    for _ in range(processes):
        os.wait()

def read_through(path):
    with open(path, "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    memory.madvise(mmap.MADV_RANDOM)  # no page is read before it is asked for
    for _ in range(2):
        sum(memory[page] for page in range(0, len(memory), 4096))

for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""


class Watched:
    """A workload that does what it is told, and a digester of what ``exec`` has started."""

    def __init__(self, process: Started, workload: Launched) -> None:
        self._process = process
        self.workload = workload
        self._digester = Digester(machine.read(), launched)

    def do(self, line: str) -> None:
        say(self._process, line)

    def digest(self) -> Digest:
        return self._digester.digest(quiet(WINDOW_NS))

    def counters(self) -> dict[str, float]:
        """As cgroup-v2.rst describes the files."""
        place = directory(self.workload)
        found = {f"cpu.{name}": value for name, value in pairs(place / "cpu.stat").items()}
        found |= {f"memory.{name}": value for name, value in pairs(place / "memory.stat").items()}
        for name in ("cpu", "memory", "io"):
            for line in (place / f"{name}.pressure").read_text().splitlines():
                found[f"psi.{name}_{line.split()[0]}"] = float(line.rpartition("total=")[2])
        found["refaults"] = found["memory.workingset_refault_anon"] + found["memory.workingset_refault_file"]
        return found


def say(process: Started, line: str) -> None:
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline() == b"done\n"


def pairs(path: Path) -> dict[str, float]:
    return {name: float(value) for name, value in map(str.split, path.read_text().splitlines())}


@contextmanager
def told(name: str) -> Iterator[Watched]:
    with started("exec", "--name", name, "--", sys.executable, "-c", TOLD) as process:
        say(process, "pass")
        yield Watched(process, next(entry for entry in launched() if entry.name == name))
        process.end()


def test_cpu_time_and_waiting_for_it() -> None:
    """Four on two processors: at every moment some wait, and two run."""
    with told("burning") as watched:
        marks = Marks(watched.counters)
        marks.around(watched.digest)
        watched.do("burn(4)")
        digest = marks.around(watched.digest)
        assert marks.least("cpu.usage_usec") > 1.4e6
        assert marks.allow("cpu.usage_usec", cell(digest, "burning", "sched.run_ns") / 1e3)
        assert marks.least("psi.cpu_some") > 0
        stalled_us = cell(digest, "burning", "psi.cpu_some_ratio") * WINDOW_NS / 1e3
        assert marks.allow("psi.cpu_some", stalled_us)


@pytest.fixture
def big() -> Iterator[Path]:
    """A file that is more than the workload may keep, on the guest's disk."""
    with TemporaryDirectory(dir="/var/tmp") as place:
        path = Path(place, "file")
        with path.open("wb") as file:
            for _ in range(16):
                file.write(os.urandom(MIB))
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        yield path


def test_major_faults_and_waiting_for_memory_and_disk(big: Path) -> None:
    with told("reading") as watched:
        (directory(watched.workload) / "memory.high").write_text(str(14 * MIB))
        marks = Marks(watched.counters)
        marks.around(watched.digest)
        watched.do(f"read_through({str(big)!r})")
        digest = marks.around(watched.digest)
        assert marks.least("memory.pgmajfault") > 100
        assert marks.allow("memory.pgmajfault", cell(digest, "reading", "faults.major"))
        assert marks.least("refaults") > 100
        assert marks.allow("refaults", cell(digest, "reading", "memory.refaults"))
        for kind in ("memory_some", "memory_full", "io_some"):
            assert marks.least(f"psi.{kind}") > 0
            stalled_us = cell(digest, "reading", f"psi.{kind}_ratio") * WINDOW_NS / 1e3
            assert marks.allow(f"psi.{kind}", stalled_us), kind


def node_bytes(workload: Launched) -> dict[int, int]:
    """Anonymous and file memory on each node (memory.numa_stat)."""
    found: dict[int, int] = {}
    for line in (directory(workload) / "memory.numa_stat").read_text().splitlines():
        kind, *sizes = line.split()
        if kind in ("anon", "file"):
            for word in sizes:
                node, size = word.removeprefix("N").split("=")
                found[int(node)] = found.get(int(node), 0) + int(size)
    return found


def shown_nodes(digest: Digest, name: str) -> dict[int, int]:
    (row,) = [row for row in digest_json(digest)["workloads"] if row["name"] == name]
    return {int(node): size for node, size in row["memory"]["node_bytes"].items()}


@pytest.mark.parametrize(
    "tier", ["tier0", pytest.param("tier1", marks=pytest.mark.needs("lower memory tier"))]
)
def test_memory_is_where_memory_numa_stat_says(tier: str) -> None:
    with holding(24, "placed", "--mems", tier) as workload:
        digest = Digester(machine.read(), launched).digest(quiet())
        assert shown_nodes(digest, "placed") == node_bytes(workload)
        fast = sum(size for node, size in node_bytes(workload).items() if node != 2)
        assert (fast > 24 * MIB) is (tier == "tier0")
        current = float((directory(workload) / "memory.current").read_text())
        assert cell(digest, "placed", "memory.current_bytes") == pytest.approx(current, abs=MIB)


def test_memory_of_files_counts_too(big: Path) -> None:
    with told("filing") as watched:
        watched.do(f"read_through({str(big)!r})")
        assert shown_nodes(watched.digest(), "filing") == node_bytes(watched.workload)
        lines = (directory(watched.workload) / "memory.numa_stat").read_text().splitlines()
        of_files = next(line.split()[1:] for line in lines if line.split()[0] == "file")
        assert sum(int(word.partition("=")[2]) for word in of_files) >= 8 * MIB


def vmstat() -> Mapping[str, float]:
    found = pairs(Path("/proc/vmstat"))
    return {"demoted": sum(value for name, value in found.items() if name.startswith("pgdemote_"))}


@pytest.fixture
def demotion() -> Iterator[None]:
    before = DEMOTION.read_text()
    DEMOTION.write_text("true")
    yield
    DEMOTION.write_text(before)


def demoted(place: Path) -> Callable[[], Mapping[str, float]]:
    def read() -> dict[str, float]:
        pairs(place / "cpu.stat")  # has the kernel add up what it has put off (kernel/cgroup/rstat.c)
        stat = pairs(place / "memory.stat")
        return {"demoted": sum(value for name, value in stat.items() if name.startswith("pgdemote_"))}

    return read


@pytest.mark.needs("lower memory tier")
@pytest.mark.usefixtures("demotion")
def test_pages_that_were_demoted() -> None:
    with holding(48, "cooling") as workload:
        digester = Digester(machine.read(), launched)
        of_workload, of_machine = Marks(demoted(directory(workload))), Marks(vmstat)

        def digest() -> Digest:
            return of_machine.around(lambda: of_workload.around(lambda: digester.digest(quiet())))

        before = digest()
        with (directory(workload) / "memory.reclaim").open("w") as file:
            file.write(str(32 * MIB))
        after = digest()
        moved = (shown_nodes(after, "cooling")[2] - shown_nodes(before, "cooling")[2]) // 4096
        assert moved > 2000
        assert of_machine.least("demoted") >= moved
        assert of_machine.allow("demoted", after.machine["tiering"]["demoted_pages"])
        assert after.machine["tiering"]["demotion_enabled"] is True
        assert of_workload.least("demoted") >= moved
        assert of_workload.allow("demoted", cell(after, "cooling", "reclaim.demoted_pages"))
