"""Tiers, and figures of nodes, from directories that stand for sysfs: one machine shows too few cases."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.machine import cpulist, nodes, tiers

# The kernel's numbers; as text most of them sort otherwise, and directories are listed in any order.
NUMBERS = [22, 4, 100, 56, 9, 31, 1000, 5, 7, 40, 12, 3]


def test_tiers_come_fastest_first(tmp_path: Path) -> None:
    for node, number in enumerate(NUMBERS):
        (tmp_path / f"memory_tier{number}").mkdir()
        (tmp_path / f"memory_tier{number}/nodelist").write_text(f"{node}\n")
    # A tier whose nodes went offline stays, empty.
    (tmp_path / "memory_tier6").mkdir()
    (tmp_path / "memory_tier6/nodelist").write_text("\n")
    found = tiers.read(tmp_path)
    assert [tier.kernel_name for tier in found] == [f"memory_tier{number}" for number in sorted(NUMBERS)]
    assert [tier.nodes for tier in found] == [(NUMBERS.index(number),) for number in sorted(NUMBERS)]
    assert [tier.rank for tier in found] == list(range(len(NUMBERS)))


def test_without_tiers_all_memory_is_one(tmp_path: Path) -> None:
    (tmp_path / "online").write_text("0-3\n")
    (tmp_path / "has_memory").write_text("0,2-3\n")
    (only,) = tiers.read(tmp_path / "none", tmp_path)
    assert (only.rank, only.kernel_name, only.nodes) == (0, "none", (0, 2, 3))


def test_a_kernel_without_nodes_has_one_of_all_there_is(tmp_path: Path) -> None:
    (tier,) = tiers.read(tmp_path, tmp_path)
    (node,) = nodes.read({0: 0}, tmp_path)
    assert (tier.nodes, node.id, node.tier, node.distances) == ((0,), 0, 0, {0: 10})
    assert len(node.cpus) == os.cpu_count()
    assert node.total_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < nodes.meminfo(0, tmp_path)["MemFree"] < node.total_bytes


def test_figures_that_the_firmware_did_not_give_are_unknown(tmp_path: Path) -> None:
    """Node ids need not follow each other: distances are listed in the order of those online."""
    (tmp_path / "online").write_text("0,3\n")
    for node, (cpus, distances) in {0: ("0-1", "10 31"), 3: ("", "31 10")}.items():
        place = tmp_path / f"node{node}"
        (place / "access0/initiators").mkdir(parents=True)
        (place / "cpulist").write_text(f"{cpus}\n")
        (place / "distance").write_text(f"{distances}\n")
        (place / "meminfo").write_text(
            f"Node {node} MemTotal:        1024 kB\nNode {node} HugePages_Total:     7\n"
        )
        (place / "access0/initiators/read_latency").write_text("0\n")
        (place / "access0/initiators/read_bandwidth").write_text("3\n")
    near, far = nodes.read({0: 0, 3: 1}, tmp_path)
    assert (near.id, near.cpus, near.distances, near.tier) == (0, (0, 1), {0: 10, 3: 31}, 0)
    assert (far.id, far.cpus, far.distances, far.tier) == (3, (), {0: 31, 3: 10}, 1)
    assert near.total_bytes == 1024 * 1024
    assert (near.read_latency_ns, near.write_latency_ns) == (None, None)
    assert (near.read_bandwidth_bytes_per_s, near.write_bandwidth_bytes_per_s) == (3 * 1024 * 1024, None)
    assert nodes.meminfo(0, tmp_path) == {"MemTotal": 1024 * 1024}


@given(st.sets(st.integers(0, 300)))
def test_lists_read_back_as_they_were_written(ids: set[int]) -> None:
    text = cpulist.render(ids)
    assert cpulist.parse(text + "\n") == tuple(sorted(ids))
    numbers = [int(word) for part in text.split(",") for word in part.split("-") if word]
    assert numbers == sorted(set(numbers))
