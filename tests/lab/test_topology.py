"""Inside the guest: the machine is the one that its file in vagrant/topologies describes.

A test of what only some machines have exists only on those.
"""

import mmap
import os
import subprocess
import time
from pathlib import Path

import pytest

from llamas_bpf.lab.parts import mib
from llamas_bpf.lab.topology import load_topology

NAME = os.environ["LAB_TOPOLOGY"]
TOPOLOGY = load_topology(NAME)
NODES = Path("/sys/devices/system/node")
TIERS = Path("/sys/devices/virtual/memory_tiering")
#: Nodes by tier, fastest first, where the kernel tells tiers apart.
BY_LATENCY = {"tiers": ["0-1", "2"], "cxl": ["0", "1"]}
BRIDGE = "0x06"
BY_DRIVER = {"nvm": ["0-1", "2"]}


def read(path: Path) -> str:
    return path.read_text().strip()


def tiers() -> list[str]:
    found = TIERS.glob("memory_tier*")
    by_rank = sorted((int(tier.name.removeprefix("memory_tier")), read(tier / "nodelist")) for tier in found)
    return [nodes for _, nodes in by_rank if nodes]


def all_nodes() -> str:
    last = len(TOPOLOGY.nodes) - 1
    return f"0-{last}" if last else "0"


@pytest.mark.needs("memory tiers by latency")
@pytest.mark.needs(*(["cxl memory regions"] if TOPOLOGY.cxl else []))
def test_memory_is_in_tiers_by_its_latency() -> None:
    assert tiers() == (BY_LATENCY | BY_DRIVER).get(NAME, [all_nodes()])


if any(node.kind == "nvdimm" for node in TOPOLOGY.nodes):

    def test_an_nvdimm_is_in_a_lower_tier_on_every_kernel() -> None:
        assert tiers() == BY_DRIVER[NAME]


def test_processors_are_where_they_are_described() -> None:
    next_cpu = 0
    for number, node in enumerate(TOPOLOGY.nodes):
        last = next_cpu + node.cpus - 1
        described = "" if not node.cpus else f"{next_cpu}-{last}" if node.cpus > 1 else str(last)
        assert read(NODES / f"node{number}/cpulist") == described
        next_cpu += node.cpus


@pytest.mark.needs(*(["threads of emulated cores"] if TOPOLOGY.threads_per_core > 1 else []))
def test_cores_have_as_many_threads_as_described() -> None:
    siblings = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    assert read(siblings) == ("0" if TOPOLOGY.threads_per_core == 1 else "0-1")


def test_memory_is_as_large_as_described() -> None:
    for number, node in enumerate(TOPOLOGY.nodes):
        found_mib = int(read(NODES / f"node{number}/meminfo").split()[3]) >> 10
        assert node.memory_mib * 0.8 < found_mib <= node.memory_mib


@pytest.mark.parametrize("number", range(len(TOPOLOGY.nodes)))
def test_the_kernel_was_told_the_latencies(number: int) -> None:
    """HMAT, as seen from each node's nearest processors; the kernel keeps nanoseconds and MiB/s."""
    seen, node = NODES / f"node{number}/access0/initiators", TOPOLOGY.nodes[number]
    if not TOPOLOGY.tells_latencies:
        assert not (seen / "read_latency").exists()
        return
    assert read(seen / "read_latency") == str(node.latency_ns)
    assert read(seen / "read_bandwidth") == str(node.bandwidth_mib_s)


def test_distances_are_as_described() -> None:
    for number, row in enumerate(TOPOLOGY.distances):
        found = read(NODES / f"node{number}/distance").split()
        assert found[: len(row)] == [str(distance) for distance in row]


def test_swap_is_as_described() -> None:
    found = [line.split() for line in read(Path("/proc/swaps")).splitlines()[1:]]
    by_priority = sorted(TOPOLOGY.swap, key=lambda swap: -swap.priority)
    kinds = {"/dev/zram": "zram", "/dev/vd": "disk"}
    seen = [
        (next(kind for start, kind in kinds.items() if name.startswith(start)), int(priority))
        for name, _, _, _, priority in sorted(found, key=lambda words: -int(words[4]))
    ]
    assert seen == [(swap.kind, swap.priority) for swap in by_priority]
    for swap, (_, _, size_kib, _, _) in zip(
        by_priority, sorted(found, key=lambda words: -int(words[4])), strict=True
    ):
        assert abs(mib(swap.size) - int(size_kib) / 1024) < 1


def test_devices_hang_on_their_nodes() -> None:
    classes = {"accelerator": "0x0380", "storage": "0x0108", "network": "0x0200"}
    found = [
        (read(device / "class")[:6], int(read(device / "numa_node")))
        for device in Path("/sys/bus/pci/devices").iterdir()
        if int(read(device / "numa_node")) >= 0 and not read(device / "class").startswith(BRIDGE)
    ]
    assert sorted(found) == sorted((classes[device.kind], device.node) for device in TOPOLOGY.pci)


if TOPOLOGY.cxl:

    def test_a_device_of_cxl_is_found() -> None:
        sizes = [int(read(found), 16) for found in Path("/sys/bus/cxl/devices").glob("mem*/ram/size")]
        assert sizes == [mib(cxl.memory) << 20 for cxl in TOPOLOGY.cxl]

    @pytest.mark.needs("cxl memory regions")
    def test_memory_behind_cxl_is_a_node() -> None:
        described = sum(mib(cxl.memory) for cxl in TOPOLOGY.cxl if cxl.online)
        node = NODES / f"node{len(TOPOLOGY.nodes)}/meminfo"
        assert described * 0.8 <= int(read(node).split()[3]) >> 10 <= described


def read_pages_us(device: str) -> float:
    """What one page takes, past every cache; QEMU lets a tenth of a second's reads through unthrottled."""
    file, page = os.open(device, os.O_RDONLY | os.O_DIRECT), mmap.mmap(-1, mmap.PAGESIZE)
    try:
        for number in range(200):
            if number == 50:
                started = time.monotonic()
            os.preadv(file, [page], number * mmap.PAGESIZE)
        return (time.monotonic() - started) * 1e6 / 150
    finally:
        os.close(file)


if {swap.kind for swap in TOPOLOGY.swap} == {"zram", "disk"}:

    def test_the_slow_disk_is_slow_to_read_and_zram_is_not() -> None:
        described_us = next(swap.read_latency_us for swap in TOPOLOGY.swap if swap.kind == "disk")
        devices = [line.split()[0] for line in read(Path("/proc/swaps")).splitlines()[1:]]
        found_us = {"zram" if "zram" in device else "disk": read_pages_us(device) for device in devices}
        print(f"to read a page: {found_us}; described: {described_us} us for the disk")
        assert described_us is not None
        assert found_us["disk"] > described_us * 0.8
        assert found_us["disk"] > found_us["zram"] * 5


def test_the_kernels_own_tool_agrees() -> None:
    shown = subprocess.run(["numactl", "-H"], capture_output=True, text=True, check=True).stdout
    assert f"node 0 size: {int(read(NODES / 'node0/meminfo').split()[3]) >> 10} MB" in shown
