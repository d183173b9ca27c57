"""On a page about several nodes, processors or cards, the one that the text is bound to is read."""

import pytest
from device_figures import NONE, figures, read


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("node 0: DDR5, 90 ns; node 2: CXL, 250 ns", (250, 250, None, None, None)),
        ("Node 0: DDR5, 90 ns.\nNode 2: CXL, 250 ns.\n", (250, 250, None, None, None)),
        ("- node0: 64 GB of DDR5, 90 ns\n- node2: 256 GB CXL, 250 ns\n", (250, 250, None, None, 256)),
        ("node 0  DDR5  90 ns\nnode 1  DDR5  140 ns\nnode 2  CXL  250 ns\n", (250, 250, None, None, None)),
        (
            "## Node 0\n\nLatency: 90 ns\nSize: 64 GB\n\n## Node 2\n\nLatency: 250 ns\nSize: 256 GB\n",
            (250, 250, None, None, 256),
        ),
        (
            "# Our memory\n\n| Node | Latency | Capacity |\n|---|---|---|\n| 0 | 90 ns | 64 GB |\n"
            "| 2 | 250 ns | 256 GB |\n",
            (250, 250, None, None, 256),
        ),
        (
            "| | node 0 | node 2 |\n|---|---|---|\n| read latency | 90 ns | 250 ns |\n"
            "| bandwidth | 200 GB/s | 28 GB/s |\n",
            (250, None, 28, 28, None),
        ),
        (
            "| what | where | read latency (ns) |\n|---|---|---|\n| DDR5 | node 0 | 90 |\n"
            "| CXL | node 2 | 250 |\n",
            (250, None, None, None, None),
        ),
        (
            "Node 0 is the DRAM beside the processors: 64 GB that answer in 90 ns. Node 2 is an expander; "
            "it holds 256 GB and answers in 250 ns.",
            (250, 250, None, None, 256),
        ),
        ("On node 0 a read takes 90 ns, on node 2 it takes 250 ns.", (250, None, None, None, None)),
        ("Reads from node #2 take 250 ns; reads from node #0 take 90 ns.", (250, None, None, None, None)),
        ("Latency is 90 ns on node 0 and 250 ns on node 2.", (250, 250, None, None, None)),
        ("Latency 90 ns (node 0), 250 ns (node 2).", (250, 250, None, None, None)),
        ("NUMA node 1 has 128 GB at 100 GB/s. NUMA node 2 has 512 GB at 30 GB/s.", (None, None, 30, 30, 512)),
        ("Nodes 0 and 1: 90 ns. Nodes 2 and 3: 250 ns.", (250, 250, None, None, None)),
        ("Nodes 0-1 answer in 90 ns; nodes 2-3 answer in 250 ns.", (250, 250, None, None, None)),
        ("The latency of node 1 is 90 ns. It has 64 GB.", NONE),
        (
            "node0:\n  latency: 90 ns\n  size: 64 GB\nnode2:\n  latency: 250 ns\n  size: 256 GB\n",
            (250, 250, None, None, 256),
        ),
        ("[node 0]\nlatency = 90 ns\n\n[node 2]\nlatency = 250 ns\n", (250, 250, None, None, None)),
        (
            "Three nodes.\n\n* 0: DDR5, 90 ns\n* 1: DDR5, 95 ns\n* 2: CXL, 250 ns\n",
            (250, 250, None, None, None),
        ),
        ("N0: 64 GB, 90 ns\nN2: 1 TB, 250 ns\n", (250, 250, None, None, 1000)),
        ("Node two has 256 GB. Node zero has 64 GB.", (None, None, None, None, 256)),
        ("The DIMMs are node 0 (64 GB). CXL: 256 GB.", (None, None, None, None, 256)),
        ("DDR5 is node 0, with 64 GB.", NONE),
        ("# node0\n64 GB DDR5\n90 ns\n# node2\n256 GB CXL\n250 ns\n", (250, 250, None, None, 256)),
        ("It is at node 0's root port and answers in 250 ns.", (250, 250, None, None, None)),
        ("The expander (node 2) has 256 GB; the DIMMs (node 0) have 64 GB.", (None, None, None, None, 256)),
        ("- node 2\n- 256 GB\n- 250 ns\n", (250, 250, None, None, 256)),
        ("Node 0's latency is 90 ns. Node 2's latency is 250 ns.", (250, 250, None, None, None)),
        ("latency   250 ns (node 0: 90 ns)\nbw        24 GB/s\n", (250, 250, 24, 24, None)),
        ("An expander behind CXL, seen from node 0 in 250 ns.", (250, 250, None, None, None)),
        (
            "This is node 2. From socket 0 its latency is 250 ns; node 0 itself answers in 90 ns.",
            (250, 250, None, None, None),
        ),
    ],
)
def test_of_several_nodes_the_bound_one_is_read(body: str, expected: tuple[float | None, ...]) -> None:
    assert figures(body, "node = 2") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "binding", "expected"),
    [
        (
            "- 0000:41:00.0: an accelerator with 80 GB of memory at 2 TB/s\n"
            "- 0000:81:00.0: a network card with 2 GB of memory\n",
            'pci = "0000:41:00.0"',
            (None, None, 2000, 2000, 80),
        ),
        (
            "| Address | Memory | Bandwidth |\n|---|---|---|\n| 41:00.0 | 80 GB | 2 TB/s |\n"
            "| 81:00.0 | 24 GB | 1 TB/s |\n",
            'pci = "0000:81:00.0"',
            (None, None, 1000, 1000, 24),
        ),
        (
            "CPUs 0-7: memory latency 90 ns. CPUs 8-15: memory latency 140 ns.",
            'cpus = "8-15"',
            (140, 140, None, None, None),
        ),
        ("cpus 0-7: 90 ns\ncpus 8-15: 140 ns\n", 'cpus = "0-7"', (90, 90, None, None, None)),
        (
            "0000:3b:00.0 - 4 TB, read latency 80 us\n0000:3c:00.0 - 2 TB, read latency 95 us\n",
            'pci = "0000:3b:00.0"',
            (80000, None, None, None, 4000),
        ),
        ("- Node 2 - 256 GB\n- Node 0 - 64 GB\n", "node = 2", (None, None, None, None, 256)),
        # Without a binding nobody can tell which of two nodes is meant.
        ("node 0: DDR5, 90 ns; node 2: CXL, 250 ns", "", NONE),
    ],
)
def test_of_several_devices_the_bound_one_is_read(
    body: str, binding: str, expected: tuple[float | None, ...]
) -> None:
    assert figures(body, binding) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("Pages of node 0 that are touched more than 100 times a second should move here.", 1),
        ("Node 0: move a page there if it is touched more than 100 times a second.", 0),
    ],
)
def test_of_thresholds_those_of_the_bound_node_are_taken(body: str, count: int) -> None:
    assert len(read(body, "node = 2").thresholds) == count
