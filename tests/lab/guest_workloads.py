"""Workloads started with ``llamas-bpf exec`` in the guest, and the kernel's own files about them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memory_holder import HOLDS
from quick_start import started

from llamas_bpf.contracts.action import CgroupKnob, CgroupKnobName, CgroupReclaim
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.launched import launched

MIB = 1 << 20
MOUNT = Path("/sys/fs/cgroup")
EXEC = [sys.executable, "-m", "llamas_bpf.cli", "exec"]
#: Touches so many MiB of small pages, says so, and wakes up ten times a second until its end.
WAKES = """
import mmap, select, sys
memory = mmap.mmap(-1, int(sys.argv[1]) << 20)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for offset in range(0, len(memory), 4096):
    memory[offset] = 1
print("up", flush=True)
while not select.select([sys.stdin], [], [], 0.1)[0]:
    memory[0] = 2
"""


@contextmanager
def holding(mib: int, name: str = "held", *options: str, program: str = HOLDS) -> Iterator[Launched]:
    """A workload with so much memory."""
    with started("exec", "--name", name, *options, "--", sys.executable, "-c", program, str(mib)) as process:
        assert process.stdout.readline() == b"up\n"
        yield next(entry for entry in launched() if entry.name == name)
        process.end()


def directory(workload: Launched) -> Path:
    assert workload.cgroup is not None
    return MOUNT / workload.cgroup.strip("/")


def knob(workload: Launched, name: CgroupKnobName) -> CgroupKnob:
    assert workload.cgroup is not None
    assert workload.cgroup_id is not None
    return CgroupKnob(cgroup=workload.cgroup, cgroup_id=workload.cgroup_id, knob=name)


def reclaim(workload: Launched) -> CgroupReclaim:
    assert workload.cgroup is not None
    assert workload.cgroup_id is not None
    return CgroupReclaim(cgroup=workload.cgroup, cgroup_id=workload.cgroup_id)


def anon_bytes(workload: Launched) -> dict[str, int]:
    """Anonymous memory on each node: ``{"N0": …}`` (memory.numa_stat, cgroup-v2.rst)."""
    for line in (directory(workload) / "memory.numa_stat").read_text().splitlines():
        kind, *nodes = line.split()
        if kind == "anon":
            return {node: int(size) for node, size in (word.split("=") for word in nodes)}
    raise AssertionError("memory.numa_stat has no line for anon")
