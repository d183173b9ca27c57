"""``machine.read()`` on this machine, against what other programs and files say of it."""

import os
import subprocess
from collections import Counter
from pathlib import Path

from llamas_bpf import machine

HERE = machine.read()


def lscpu() -> list[list[str]]:
    """CPU, node, package and core of each (lscpu(1)); empty where it cannot tell."""
    shown = subprocess.run(
        ["lscpu", "--parse=CPU,NODE,SOCKET,CORE", "--online"], check=True, capture_output=True, text=True
    ).stdout
    return [line.split(",") for line in shown.splitlines() if not line.startswith("#")]


def test_processors_are_those_of_lscpu() -> None:
    assert {(cpu.id, cpu.node) for cpu in HERE.cpus} == {
        (int(cpu), int(node or 0)) for cpu, node, _, _ in lscpu()
    }
    # lscpu numbers packages and cores anew; which CPUs share one stays.
    for ours, theirs in ((lambda cpu: cpu.package, 2), (lambda cpu: (cpu.package, cpu.core), 3)):
        assert partition({cpu.id: ours(cpu) for cpu in HERE.cpus}) == partition(
            {int(line[0]): line[theirs] for line in lscpu()}
        )


def test_caches_are_those_of_lscpu() -> None:
    shown = subprocess.run(
        ["lscpu", "--bytes", "--caches=NAME,ALL-SIZE"], check=True, capture_output=True, text=True
    ).stdout
    theirs = {name: int(size) for name, size in map(str.split, shown.splitlines()[1:])}
    ours: Counter[str] = Counter()
    for cache in HERE.caches:
        ours[f"L{cache.level}{'' if cache.kind == 'unified' else cache.kind[0]}"] += cache.size_bytes
    assert ours == theirs


def partition(groups: dict[int, object]) -> set[frozenset[int]]:
    return {frozenset(cpu for cpu in groups if groups[cpu] == group) for group in groups.values()}


def managed_pages() -> dict[int, int]:
    """Pages of each node in the hands of the kernel's allocator (``/proc/zoneinfo``)."""
    found: Counter[int] = Counter()
    node = -1
    for words in map(str.split, Path("/proc/zoneinfo").read_text().splitlines()):
        if words[0] == "Node":
            node = int(words[1].rstrip(","))
        elif words[0] == "managed":
            found[node] += int(words[1])
    return found


def test_the_memory_of_a_node_is_what_its_zones_hold() -> None:
    # Not /proc/meminfo's total: a guest whose memory comes as it is needed tells there what may yet come.
    before, read, after = managed_pages(), machine.read(), managed_pages()
    assert [node.id for node in read.nodes] == sorted(before)
    for node in read.nodes:
        told = node.total_bytes // read.page_bytes
        assert before[node.id] <= told <= after[node.id] or after[node.id] <= told <= before[node.id]


def test_processors_belong_to_one_node_each() -> None:
    assert HERE.page_bytes == int(subprocess.check_output(["getconf", "PAGESIZE"]))
    assert sorted(cpu for node in HERE.nodes for cpu in node.cpus) == [cpu.id for cpu in HERE.cpus]


def test_every_node_with_memory_is_in_one_tier() -> None:
    of_tiers = sorted(node for tier in HERE.tiers for node in tier.nodes)
    assert of_tiers == [node.id for node in HERE.nodes if node.total_bytes]
    for tier in HERE.tiers:
        assert {node.tier for node in HERE.nodes if node.id in tier.nodes} == {tier.rank}


def test_the_cgroup_mount_is_one_with_these_controllers() -> None:
    mounted = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    assert HERE.cgroup_mount == next((path for path, kind in mounted if kind == "cgroup2"), None)
    if HERE.cgroup_mount:
        # /proc/cgroups: a controller in hierarchy 0 is bound to no cgroup v1 (cgroups(7)).
        words = (line.split() for line in Path("/proc/cgroups").read_text().splitlines()[1:])
        free = {"io" if name == "blkio" else name for name, hierarchy, _, on in words if hierarchy == "0"}
        assert set(HERE.cgroup_controllers) <= free
        listed = (Path(HERE.cgroup_mount) / "cgroup.controllers").read_text().split()
        assert set(HERE.cgroup_controllers) == {"cpu", "cpuset", "memory", "io"} & set(listed)
    else:
        assert HERE.cgroup_controllers == ()


def test_it_is_this_kernel_in_this_boot() -> None:
    assert os.uname().release == HERE.kernel
    assert Path("/proc/sys/kernel/random/boot_id").read_text().strip() == HERE.boot_id


def test_network_interfaces_on_pci_are_devices() -> None:
    wheres = {path.name: str(path.resolve()) for path in Path("/sys/class/net").iterdir()}
    on_pci = {name for name, where in wheres.items() if "/pci" in where and "/usb" not in where}
    told = [device.description.split() for device in HERE.devices if device.id.startswith("eth")]
    assert {name for _, *names in told for name in names} == on_pci
    assert all((Path("/sys/bus/pci/devices") / device.pci).is_dir() for device in HERE.devices)
