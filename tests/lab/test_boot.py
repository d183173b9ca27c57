"""Inside the guest: the machine is the one that vagrant/topologies/tiers.toml describes."""

import os
import subprocess
from pathlib import Path

from llamas_bpf.lab.topology import load_topology
from llamas_bpf.machine import cpulist

TOPOLOGY = load_topology("tiers")
NODES = Path("/sys/devices/system/node")


def read(path: Path) -> str:
    return path.read_text().strip()


def test_the_kernel_is_the_one_asked_for() -> None:
    assert os.uname().release.startswith("6.12.")


def test_slower_nodes_are_in_lower_tiers() -> None:
    tiers = Path("/sys/devices/virtual/memory_tiering").glob("memory_tier*")
    by_rank = sorted((int(tier.name.removeprefix("memory_tier")), read(tier / "nodelist")) for tier in tiers)
    latencies = [node.latency_ns or 0 for node in TOPOLOGY.nodes]
    assert [cpulist.parse(nodes) for _, nodes in by_rank] == [
        tuple(n for n, latency in enumerate(latencies) if latency == one) for one in sorted(set(latencies))
    ]


def test_only_the_nodes_that_have_some_have_processors() -> None:
    found = [cpulist.parse(read(NODES / f"node{n}/cpulist")) for n in range(len(TOPOLOGY.nodes))]
    assert [len(cpus) for cpus in found] == [node.cpus for node in TOPOLOGY.nodes]
    assert sum(found, ()) == tuple(range(sum(node.cpus for node in TOPOLOGY.nodes)))


def test_memory_is_as_large_as_described() -> None:
    for n, described in enumerate(TOPOLOGY.nodes):
        found_mib = int(read(NODES / f"node{n}/meminfo").split()[3]) >> 10
        assert described.memory_mib * 0.85 < found_mib <= described.memory_mib


def test_the_kernel_was_told_the_latencies() -> None:
    """HMAT, as seen from each node's nearest processors; the kernel keeps nanoseconds and MiB/s."""
    for n, node in enumerate(TOPOLOGY.nodes):
        seen = NODES / f"node{n}/access0/initiators"
        assert read(seen / "read_latency") == str(node.latency_ns)
        assert read(seen / "read_bandwidth") == str(node.bandwidth_mib_s)


def test_distances_are_as_described() -> None:
    found = [read(NODES / f"node{n}/distance").split() for n in range(len(TOPOLOGY.nodes))]
    assert found == [[str(distance) for distance in row] for row in TOPOLOGY.distances]


def test_cgroup_controllers_are_on() -> None:
    assert set(read(Path("/sys/fs/cgroup/cgroup.subtree_control")).split()) >= {
        "cpu",
        "cpuset",
        "io",
        "memory",
        "pids",
    }


def test_what_tracing_needs_is_mounted() -> None:
    mounts = dict(line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())
    assert mounts["/sys/fs/bpf"] == "bpf"
    assert mounts["/sys/kernel/tracing"] == "tracefs"
    assert mounts["/sys/kernel/debug"] == "debugfs"
    assert Path("/sys/kernel/btf/vmlinux").exists()


def test_modules_load() -> None:
    subprocess.run(["modprobe", "zram"], check=True)
    assert Path("/sys/class/zram-control").is_dir()


def test_the_project_is_installed() -> None:
    shown = subprocess.run(["llamas-bpf", "--version"], check=True, capture_output=True, text=True).stdout
    assert "llamas-bpf" in shown


def test_interrupts_reach_commands() -> None:
    """A shell's background jobs ignore SIGINT, and Python then never raises KeyboardInterrupt."""
    ignored = next(line for line in read(Path("/proc/self/status")).splitlines() if line.startswith("SigIgn"))
    assert not int(ignored.split()[1], 16) & 0b10
