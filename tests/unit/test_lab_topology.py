"""Topologies: from the operator's words to QEMU's, and errors that name the mistake."""

from pathlib import Path

import pytest

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.topology import load_topology, parse

ORIGIN = Path("x.toml")
SMALL = """
description = "one node"
distances = [[10]]
[[nodes]]
memory = "1G"
cpus = 2
"""


def test_tiers_becomes_exactly_these_options() -> None:
    options = load_topology("tiers").qemu_options()
    assert " ".join(options).replace(" -", "\n-").splitlines() == [
        "-machine q35,hmat=on",
        "-m 3072M",
        "-smp 2,sockets=2",
        "-object memory-backend-ram,id=memory0,size=512M",
        "-object memory-backend-ram,id=memory1,size=512M",
        "-object memory-backend-ram,id=memory2,size=2048M",
        "-numa node,nodeid=0,memdev=memory0,cpus=0-0",
        "-numa node,nodeid=1,memdev=memory1,cpus=1-1",
        "-numa node,nodeid=2,memdev=memory2,initiator=0",
        "-numa dist,src=0,dst=0,val=10",
        "-numa dist,src=0,dst=1,val=20",
        "-numa dist,src=0,dst=2,val=40",
        "-numa dist,src=1,dst=0,val=20",
        "-numa dist,src=1,dst=1,val=10",
        "-numa dist,src=1,dst=2,val=50",
        "-numa dist,src=2,dst=0,val=40",
        "-numa dist,src=2,dst=1,val=50",
        "-numa dist,src=2,dst=2,val=10",
        *hmat(0, 0, latency_ns=80, bandwidth=20480),
        *hmat(0, 1, latency_ns=160, bandwidth=10240),
        *hmat(0, 2, latency_ns=300, bandwidth=5120),
        *hmat(1, 0, latency_ns=160, bandwidth=10240),
        *hmat(1, 1, latency_ns=80, bandwidth=20480),
        *hmat(1, 2, latency_ns=375, bandwidth=4096),
    ]


def hmat(source: int, target: int, *, latency_ns: int, bandwidth: int) -> list[str]:
    ends = f"-numa hmat-lb,initiator={source},target={target},hierarchy=memory"
    return [
        f"{ends},data-type=access-latency,latency={latency_ns}",
        f"{ends},data-type=access-bandwidth,bandwidth={bandwidth}M",
    ]


def test_flat_tells_no_latencies() -> None:
    assert load_topology("flat").qemu_options() == [
        *["-machine", "q35", "-m", "2048M", "-smp", "2,sockets=1"],
        *["-object", "memory-backend-ram,id=memory0,size=2048M"],
        *["-numa", "node,nodeid=0,memdev=memory0,cpus=0-1", "-numa", "dist,src=0,dst=0,val=10"],
    ]


def test_an_unknown_topology_names_those_that_exist() -> None:
    with pytest.raises(LabError, match=r"no topology 'teirs': choose one of flat, tiers"):
        load_topology("teirs")


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ('memory = "1G"', 'memroy = "1G"', r"nodes\.0\.memroy: unknown key; did you mean memory\?"),
        ("distances", "distance", r"distance: unknown key; did you mean distances\?"),
        ('"1G"', '"1 gig"', r"nodes\.0\.memory: '1 gig' is no size: write it like 768M or 1G"),
        ('"1G"', '"0M"', "is no size"),
        ("cpus = 2", "cpus = -1", r"nodes\.0\.cpus: Input should be greater than or equal to 0"),
        ("cpus = 2", "cpus = 0", "give at least one node cpus"),
        ("cpus = 2", 'cpus = "2"', r"nodes\.0\.cpus: Input should be a valid integer"),
        ("cpus = 2", "cpus = 2\nnearest = 0", "node 0 has cpus, which are its nearest: remove `nearest`"),
        ("[[10]]", "[[10, 20]]", "distances must be 1 rows of 1"),
        ("[[10]]", "[[20]]", "the distance of a node to itself is 10"),
        ("[[10]]", "[[10]", "x.toml is not TOML"),
    ],
)
def test_mistakes_are_named(written: str, instead: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        parse(SMALL.replace(written, instead), ORIGIN)


def test_latencies_for_some_nodes_only_are_refused() -> None:
    slow = '[[nodes]]\nmemory = "1G"\ncpus = 0\nnearest = 0\nlatency_ns = 300\nbandwidth_mib_s = 100\n'
    text = SMALL.replace("[[10]]", "[[10, 20], [20, 10]]") + slow
    with pytest.raises(LabError, match="for every node, or for none"):
        parse(text, ORIGIN)


def test_a_node_without_cpus_must_be_near_one_that_has_some() -> None:
    text = (
        SMALL.replace("[[10]]", "[[10, 20], [20, 10]]") + '[[nodes]]\nmemory = "1G"\ncpus = 0\nnearest = 1\n'
    )
    with pytest.raises(LabError, match=r"node 1 has no cpus: set `nearest` to a node that has \(0\)"):
        parse(text, ORIGIN)
