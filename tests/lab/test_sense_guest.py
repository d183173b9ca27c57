"""What the other probes count, where cgroups are workloads and everything is allowed."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from guest_workloads import MIB, MOUNT, holding

from llamas_bpf import machine
from llamas_bpf.contracts.events import EventBatch
from llamas_bpf.digest import machine_row
from llamas_bpf.digest.cgroups import Cgroups
from llamas_bpf.sense.probes import Target
from llamas_bpf.sense.sensor import Sensor

HERE = machine.read()


@pytest.fixture(scope="module")
def watching() -> Iterator[Sensor]:
    """One for all tests: an emulated processor takes seconds to load the probes."""
    nodes = np.array([cpu.node for cpu in sorted(HERE.cpus, key=lambda cpu: cpu.id)], np.uint16)
    with Sensor(Target(os.getpid(), by_cgroup=True, node_of_cpu=nodes), period=1) as sensor:
        yield sensor


@pytest.fixture
def sensor(watching: Sensor) -> Sensor:
    """At the start of a window."""
    watching.collect(0)
    return watching


@contextmanager
def cgroup(name: str, **knobs: str) -> Iterator[Path]:
    """One of our own, directly below the root."""
    place = MOUNT / f"sense-{name}"
    place.mkdir()
    try:
        for knob, value in knobs.items():
            (place / knob.replace("_", ".")).write_text(value)
        yield place
    finally:
        for _ in range(100):
            with suppress(OSError):
                place.rmdir()
                break
            time.sleep(0.1)


def run_in(place: Path, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A Python program whose whole life is in the cgroup, from before its first instruction."""
    shell = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"'
    command = ["sh", "-c", shell, "sh", str(place), sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def counted(batch: EventBatch, kind: str, place: Path) -> dict[str, int]:
    keys, values = batch.counts[kind]
    mine = values[keys == np.uint64(place.stat().st_ino)]
    return {name: int(mine[name].sum()) for name in values.dtype.names or ()}


TOUCH = """
import mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]) * 4096)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(0, len(memory), 4096):
    memory[page] = 1
"""


def test_every_kind_is_watched_here(sensor: Sensor) -> None:
    assert {"sched", "faults", "lifecycle", "migrations", "reclaim", "oom", "kswapd", "page_migrations"} <= (
        sensor.sources().keys()
    )


def test_a_cgroup_is_a_workload_and_its_id_is_its_key(sensor: Sensor) -> None:
    with cgroup("touch") as place:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run_in(place, TOUCH, "7919").returncode == 0
        # Of its whole life: where NUMA balancing looks at it, it has many faults while it ends.
        life = resource.getrusage(resource.RUSAGE_CHILDREN)
        minor, major = life.ru_minflt - before.ru_minflt, life.ru_majflt - before.ru_majflt
        assert minor > 7919
        batch = sensor.collect(0)
        mine = counted(batch, "sched", place)
        # What the shell did there before it became the program is its life too.
        assert mine["minor_faults"] == pytest.approx(minor, rel=0.02)
        records = batch.faults[batch.faults["workload"] == place.stat().st_ino]
        assert len(records) == pytest.approx(minor + major, rel=0.03)
        found = Cgroups(MOUNT).resolve([place.stat().st_ino], [])
        assert [workload.cgroup for workload, _ in found] == [f"/{place.name}"]
    assert Cgroups(MOUNT).resolve([int(records["workload"][0])], [])[0][0].name == "ended"


def test_names_are_found_also_without_the_right_to_open_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(mount: Path, cgroup_id: int) -> str:
        raise PermissionError(mount)

    monkeypatch.setattr("llamas_bpf.digest.cgroups.path_of", refused)
    with cgroup("walked") as place:
        found = Cgroups(MOUNT).resolve([place.stat().st_ino], [])
        assert [workload.cgroup for workload, _ in found] == [f"/{place.name}"]


@pytest.mark.needs("btf")
def test_how_long_faults_take(sensor: Sensor) -> None:
    if "fault_times" not in sensor.sources():
        pytest.skip("kernel feature: fentry")
    with cgroup("slow") as place:
        started = time.monotonic_ns()
        run_in(place, TOUCH, "20011")
        elapsed = time.monotonic_ns() - started
        batch = sensor.collect(0)
        stall_ns = counted(batch, "fault_times", place)["stall_ns"]
        minor = counted(batch, "sched", place)["minor_faults"]
    assert minor > 20_011
    assert 1_000 * minor < stall_ns < elapsed


READ = """
import sys
with open(sys.argv[1], "rb", buffering=0) as file:
    while file.read(1 << 16):
        pass
"""


def test_reclaim_stalls_belong_to_who_is_held_up(sensor: Sensor) -> None:
    """A file read through a cgroup that may not keep it: the reader has to give pages back itself."""
    with TemporaryDirectory(dir="/var/tmp") as place, cgroup("tight", memory_max=str(12 * MIB)) as tight:
        path = Path(place, "file")
        path.write_bytes(bytes(32 * MIB))
        os.sync()
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        sensor.collect(0)
        started = time.monotonic_ns()
        assert run_in(tight, READ, str(path)).returncode == 0
        elapsed = time.monotonic_ns() - started
        mine = counted(sensor.collect(0), "reclaim", tight)
    assert mine["stalls"] > 0
    assert 0 < mine["stall_ns"] < elapsed


def test_oom_kills_are_counted_once(sensor: Sensor) -> None:
    with cgroup("oom", memory_max=str(24 * MIB), memory_swap_max="0") as place:
        done = run_in(place, TOUCH, str(64 * MIB >> 12))
        assert done.returncode == -9
        events = dict(line.split() for line in (place / "memory.events").read_text().splitlines())
        told = int(events["oom_kill"])
        keys, values = sensor.collect(0).counts["oom"]
        assert told >= 1
        assert int(values["kills"].sum()) == told
        # Kernels that tell only the victim's pid say nothing of its cgroup.
        assert set(keys.tolist()) <= {0, place.stat().st_ino}


@pytest.mark.skipif(len(HERE.nodes) < 2, reason="kernel feature: a second memory node")
def test_page_migrations_have_their_reason(sensor: Sensor) -> None:
    with holding(16, "moved") as workload:
        place = MOUNT / (workload.cgroup or "").strip("/")
        (place / "cpuset.mems").write_text("0")
        deadline = time.monotonic() + 60
        moved: dict[str, int] = {}
        sensor.collect(0)
        (place / "cpuset.mems").write_text("1")
        while sum(moved.values()) < 16 * MIB >> 12 and time.monotonic() < deadline:
            row = machine_row.row(HERE, {}, sensor.collect(time.monotonic_ns() + 200_000_000), 10**9)
            for reason, pages in row["page_migrations"].items():
                moved[reason] = moved.get(reason, 0) + pages
    assert max(moved, key=lambda reason: moved[reason]) in ("syscall", "mempolicy_mbind", "cpuset_migration")
    assert sum(moved.values()) >= 16 * MIB >> 12


@pytest.mark.skipif(
    len({cpu.node for cpu in HERE.cpus}) < 2, reason="kernel feature: processors on two memory nodes"
)
def test_migrations_between_nodes(sensor: Sensor) -> None:
    program = """
import os
for move in range(101):
    os.sched_setaffinity(0, {move % 2})
"""
    with cgroup("mover") as place:
        run_in(place, program)
        moved = counted(sensor.collect(0), "migrations", place)
    assert moved["migrations"] >= 100
    assert moved["cross_node"] == moved["migrations"]


def vmstat(name: str) -> int:
    return int(dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())[name])


@contextmanager
def balancing() -> Iterator[None]:
    """NUMA balancing on, and scanning as fast as it can, also where it finds nothing to move."""
    switch, scan = Path("/proc/sys/kernel/numa_balancing"), Path("/sys/kernel/debug/sched/numa_balancing")
    pace = [scan / name for name in ("scan_delay_ms", "scan_period_min_ms", "scan_period_max_ms")]
    kept = {path: path.read_text() for path in (switch, *pace)}
    try:
        for path in kept:
            path.write_text("1")
        yield
    finally:
        for path, text in kept.items():
            path.write_text(text)


# Two threads: of a process that has only one, pages on the node it runs on are left alone (since 4.10,
# "mm/mprotect.c: don't touch single threaded PTEs which are on the right node").
SWEEP = """
import mmap, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
memory = mmap.mmap(-1, 8 << 20)
memory.madvise(mmap.MADV_NOHUGEPAGE)
while True:
    for page in range(0, len(memory), 4096):
        memory[page] = 1
"""


@pytest.mark.needs("numa_balancing")
def test_numa_hint_faults(sensor: Sensor) -> None:
    if "numa_hints" not in sensor.sources():
        pytest.skip("kernel feature: fentry")
    if len({cpu.node for cpu in HERE.cpus}) < 2:
        pytest.skip("kernel feature: processors on two memory nodes")
    with cgroup("swept") as place, balancing():
        before, mine = vmstat("numa_hint_faults"), 0
        with subprocess.Popen([sys.executable, "-c", SWEEP]) as sweep:
            try:
                (place / "cgroup.procs").write_text(str(sweep.pid))
                deadline = time.monotonic() + 90
                # The kernel scans a process from time to time only.
                while mine < 50 and time.monotonic() < deadline:
                    batch = sensor.collect(time.monotonic_ns() + 10**9)
                    mine += counted(batch, "numa_hints", place)["faults"]
            finally:
                sweep.kill()
        assert mine >= 50
        # The rest are those of others, such as this very process, which is not watched.
        assert mine <= vmstat("numa_hint_faults") - before


def until(found: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.2)


#: Fills one node (set_mempolicy(2), MPOL_BIND), with a file that can be given back, and beyond what is free.
FILL = """
import ctypes, mmap, os, sys
mask = ctypes.c_ulong(1 << int(sys.argv[2]))
assert ctypes.CDLL(None).syscall(238, 2, ctypes.byref(mask), 64) == 0
with open(sys.argv[3], "wb") as file:
    file.write(bytes(64 << 20))
    os.fsync(file.fileno())
memory = mmap.mmap(-1, int(sys.argv[1]) << 20)
for page in range(0, len(memory), 4096):
    memory[page] = 1
"""


@pytest.mark.skipif(len(HERE.nodes) < 2, reason="kernel feature: a second memory node")
def test_kswapd_wakes_where_memory_runs_out(sensor: Sensor) -> None:
    with TemporaryDirectory(dir="/var/tmp") as directory, cgroup("filled") as place:
        node = HERE.nodes[1].id
        free = next(
            int(line.split()[3])
            for line in Path(f"/sys/devices/system/node/node{node}/meminfo").read_text().splitlines()
            if "MemFree" in line
        )
        woken = 0

        def wakes() -> bool:
            nonlocal woken
            keys, values = sensor.collect(0).counts["kswapd"]
            woken += int(values["wakes"][keys == node].sum())
            return woken > 0

        before = vmstat("pageoutrun")
        run_in(place, FILL, str((free >> 10) - 32), str(node), f"{directory}/file")
        if vmstat("pageoutrun") == before:
            pytest.skip("kernel feature: a node small enough to be filled")
        until(wakes)


def test_a_clock_that_is_set_moves_no_window(sensor: Sensor) -> None:
    """Windows and records are on CLOCK_MONOTONIC, which nobody can set."""
    before = time.time()
    with cgroup("clock") as place:
        try:
            for step in (-86_400, 3_600):
                time.clock_settime(time.CLOCK_REALTIME, before + step)
                done = run_in(place, TOUCH, "997")
                assert done.returncode == 0
                batch = sensor.collect(time.monotonic_ns() + 50_000_000)
                assert 0 < batch.end_ns - batch.start_ns < 60 * 10**9
                mine = batch.faults[batch.faults["workload"] == place.stat().st_ino]
                assert len(mine) > 997
                assert (mine["ts_ns"] <= batch.end_ns).all()
                assert (mine["ts_ns"] >= batch.start_ns - 10**7).all()
                assert counted(batch, "sched", place)["minor_faults"] > 997
        finally:
            time.clock_settime(time.CLOCK_REALTIME, before)
