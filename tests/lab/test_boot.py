"""Inside the guest: the machine is the one that vagrant/topologies/tiers.toml describes."""

import os
import subprocess
from pathlib import Path

NODES = Path("/sys/devices/system/node")


def read(path: Path) -> str:
    return path.read_text().strip()


def test_the_kernel_is_the_one_asked_for() -> None:
    assert os.uname().release.startswith("6.12.")


def test_the_slow_node_is_in_a_lower_tier() -> None:
    tiers = Path("/sys/devices/virtual/memory_tiering").glob("memory_tier*")
    by_rank = sorted((int(tier.name.removeprefix("memory_tier")), read(tier / "nodelist")) for tier in tiers)
    assert [nodes for _, nodes in by_rank] == ["0-1", "2"]


def test_only_the_fast_nodes_have_processors() -> None:
    assert [read(NODES / f"node{n}/cpulist") for n in range(3)] == ["0", "1", ""]


def test_memory_is_as_large_as_described() -> None:
    sizes_mib = [int(read(NODES / f"node{n}/meminfo").split()[3]) >> 10 for n in range(3)]
    for found, described in zip(sizes_mib, [512, 512, 2048], strict=True):
        assert described * 0.85 < found <= described


def test_the_kernel_was_told_the_latencies() -> None:
    """HMAT, as seen from each node's nearest processors; the kernel keeps nanoseconds and MiB/s."""
    for node, latency_ns, bandwidth in [(0, "80", "20480"), (1, "80", "20480"), (2, "300", "5120")]:
        seen = NODES / f"node{node}/access0/initiators"
        assert read(seen / "read_latency") == latency_ns
        assert read(seen / "read_bandwidth") == bandwidth


def test_distances_are_as_described() -> None:
    assert [read(NODES / f"node{n}/distance").split() for n in range(3)] == [
        ["10", "20", "40"],
        ["20", "10", "50"],
        ["40", "50", "10"],
    ]


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
