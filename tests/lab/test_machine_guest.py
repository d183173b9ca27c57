"""``machine.read()`` in the guest: what the topology describes, and what numactl(8) prints."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_features import lacking

from llamas_bpf import machine
from llamas_bpf.contracts.machine import NumaNode
from llamas_bpf.lab.parts import Node
from llamas_bpf.lab.topology import load_topology

MIB = 1 << 20
HERE = machine.read()
TOPOLOGY = load_topology(os.environ["LAB_TOPOLOGY"])


@pytest.fixture(params=range(len(TOPOLOGY.nodes)), ids=lambda number: f"node{number}")
def pair(request: pytest.FixtureRequest) -> tuple[NumaNode, Node]:
    """A node as it was found, and as it is described."""
    return HERE.nodes[request.param], TOPOLOGY.nodes[request.param]


def test_nodes_are_those_described() -> None:
    assert [node.id for node in HERE.nodes] == list(range(len(TOPOLOGY.nodes)))
    assert [dict(node.distances) for node in HERE.nodes] == [dict(enumerate(r)) for r in TOPOLOGY.distances]


def test_sizes(pair: tuple[NumaNode, Node]) -> None:
    """The kernel's own image and page tables are not counted."""
    found, described = pair
    assert described.memory_mib * 0.85 * MIB < found.total_bytes <= described.memory_mib * MIB


def test_latencies_and_bandwidths(pair: tuple[NumaNode, Node]) -> None:
    found, described = pair
    if described.latency_ns is None or described.bandwidth_mib_s is None:
        assert found.read_latency_ns is None
        return
    assert found.read_latency_ns == found.write_latency_ns == described.latency_ns
    bandwidth = described.bandwidth_mib_s * MIB
    assert found.read_bandwidth_bytes_per_s == found.write_bandwidth_bytes_per_s == bandwidth


def test_processors_are_on_their_nodes() -> None:
    described = [node for node, one in enumerate(TOPOLOGY.nodes) for _ in range(one.cpus)]
    assert [(cpu.id, cpu.node) for cpu in HERE.cpus] == list(enumerate(described))
    for node in HERE.nodes:
        assert node.cpus == tuple(cpu.id for cpu in HERE.cpus if cpu.node == node.id)
    # Each node with processors is a socket.
    assert len({cpu.package for cpu in HERE.cpus}) == sum(1 for node in TOPOLOGY.nodes if node.cpus)


@pytest.mark.needs("lower memory tier")
@pytest.mark.needs("memory tiers by latency")
def test_tiers_are_in_the_order_of_latency() -> None:
    latencies = sorted({node.latency_ns for node in TOPOLOGY.nodes if node.latency_ns})
    of_tier = [[n for n, node in enumerate(TOPOLOGY.nodes) if node.latency_ns == one] for one in latencies]
    assert [list(tier.nodes) for tier in HERE.tiers] == of_tier
    assert [tier.rank for tier in HERE.tiers] == list(range(len(of_tier)))
    assert [node.tier for node in HERE.nodes] == [
        next(rank for rank, nodes in enumerate(of_tier) if node.id in nodes) for node in HERE.nodes
    ]
    assert all(Path("/sys/devices/virtual/memory_tiering", tier.kernel_name).is_dir() for tier in HERE.tiers)


def test_it_is_what_numactl_says() -> None:
    shown = subprocess.run(["numactl", "-H"], check=True, capture_output=True, text=True).stdout
    cpus = {int(n): tuple(map(int, words.split())) for n, words in re.findall(r"node (\d+) cpus:(.*)", shown)}
    assert {node.id: node.cpus for node in HERE.nodes} == cpus
    sizes = {int(node): int(mib) for node, mib in re.findall(r"node (\d+) size: (\d+) MB", shown)}
    assert {node.id: node.total_bytes // MIB for node in HERE.nodes} == sizes
    rows = re.findall(r"^ *(\d+): +(.*)$", shown.partition("node distances:")[2], re.MULTILINE)
    assert {node.id: list(node.distances.values()) for node in HERE.nodes} == {
        int(node): [int(word) for word in words.split()] for node, words in rows
    }


def test_cgroups_have_every_controller_in_use() -> None:
    assert HERE.cgroup_mount == "/sys/fs/cgroup"
    assert HERE.cgroup_controllers == ("cpu", "cpuset", "memory", "io")


def test_abilities_of_this_kernel() -> None:
    """The same as the tests' own look at the kernel says; "there" and "switched on" may differ."""
    able = {one.name: one.available for one in HERE.capabilities}
    for name in ("btf", "psi", "demotion", "numa_balancing", "damon", "sched_ext"):
        assert able[name] is (lacking([name]) is None), name
    assert able["weighted_interleave"] is (lacking(["weighted interleave"]) is None)
    for name in ("mglru", "zswap"):
        assert not (able[name] and lacking([name]))


@pytest.fixture
def delay_accounting() -> Iterator[Path]:
    switch = Path("/proc/sys/kernel/task_delayacct")
    before = switch.read_text()
    yield switch
    switch.write_text(before)


def test_an_ability_that_is_switched_off_is_none(delay_accounting: Path) -> None:
    for value, available in (("0", False), ("1", True)):
        delay_accounting.write_text(value)
        (found,) = [one for one in machine.read().capabilities if one.name == "delay_accounting"]
        assert found.available is available
        assert available or str(delay_accounting) in found.detail
