"""Weights of nodes in a real kernel: set, felt by what is launched to follow them, and undone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting import action
from guest_workloads import MIB, anon_bytes, holding

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import InterleaveWeight

DIRECTORY = Path("/sys/kernel/mm/mempolicy/weighted_interleave")
HERE = machine.read()
NODES = [node.id for node in HERE.nodes]
#: The first node gets four pages for one of every other.
WEIGHTS = {node: 4 if node == NODES[0] else 1 for node in NODES}

pytestmark = pytest.mark.needs("weighted interleave")


@pytest.fixture
def actuation(tmp_path: Path) -> Iterator[Actuation]:
    found = Actuation(HERE, Journal(tmp_path / "state"), dry_run=False)
    yield found
    found.restore_all("the test is over")


@pytest.fixture
def undoable() -> None:
    """Where the kernel chooses weights without bandwidths to go by: does what the refusal says."""
    for switch in (DIRECTORY / name for name in files().keys() & {"auto", "__auto_type"}):
        try:
            switch.write_bytes(switch.read_bytes())
        except OSError:
            switch.write_text("false")


def files() -> dict[str, bytes]:
    """Of every node; and, where the kernel can choose weights itself, whether it does."""
    return {path.name: path.read_bytes() for path in DIRECTORY.iterdir()}


def weigh(actuation: Actuation, weights: dict[int, int], number: int = 1) -> None:
    wanted = [
        action(InterleaveWeight(node=node), str(weight), id_=f"{number}.{place}", workload=None)
        for place, (node, weight) in enumerate(weights.items(), start=1)
    ]
    for done in actuation.apply(wanted):
        assert done.status in ("applied", "unchanged"), done.detail


def shares(workload: str) -> dict[int, float]:
    """What part of a new workload's memory is on each node."""
    with holding(48, workload, "--mems", "weights") as launched:
        sizes = anon_bytes(launched)
    total = sum(sizes.values())
    assert total >= 48 * MIB
    return {node: sizes[f"N{node}"] / total for node in NODES}


def by(weights: dict[int, int]) -> dict[int, Any]:
    return {node: pytest.approx(weight / sum(weights.values()), abs=0.03) for node, weight in weights.items()}


def test_what_could_not_be_undone_is_not_done(actuation: Actuation) -> None:
    """Before any other test: what the kernel chose at its start is there still."""
    before = files()
    (done,) = actuation.apply([action(InterleaveWeight(node=0), "5", workload=None)])
    if done.status == "failed":
        assert "if that is no loss, echo false > /sys/kernel/mm/mempolicy/" in done.detail
    else:
        assert files()["node0"] == b"5\n"
        actuation.restore_all("end")
    assert files() == before
    assert actuation.in_force() == ()


@pytest.mark.usefixtures("undoable")
def test_weights_are_felt_and_undone(actuation: Actuation) -> None:
    before = files()
    usual = {node: int(before[f"node{node}"]) for node in NODES}
    assert shares("before") == by(usual)
    weigh(actuation, WEIGHTS)
    assert {node: int(files()[f"node{node}"]) for node in NODES} == WEIGHTS
    assert shares("weighed") == by(WEIGHTS)
    actuation.restore_all("end")
    assert files() == before
    assert shares("after") == by(usual)


@pytest.mark.usefixtures("undoable")
def test_the_kernels_choosing_comes_back_with_the_last(actuation: Actuation) -> None:
    """Whichever is undone first, and also of one that was weighed only after the others."""
    before, usual = files(), {node: files()[f"node{node}"] for node in NODES}
    weigh(actuation, dict.fromkeys(NODES[:-1], 5))
    weigh(actuation, {NODES[-1]: 7}, number=2)
    (first,) = actuation.undo("1.1", "enough")
    assert (first.failed, first.skipped) == (False, None)
    assert {files()[f"node{node}"] for node in NODES[1:-1]} <= {b"5\n"}
    assert (files()[f"node{NODES[0]}"], files()[f"node{NODES[-1]}"]) == (usual[NODES[0]], b"7\n")
    assert actuation.reconcile() == []
    assert {one.skipped for one in actuation.undo("1", "enough")} <= {None}
    assert [one.skipped for one in actuation.restore_all("end")] == [None]
    assert files() == before


@pytest.mark.usefixtures("undoable")
def test_weighed_anew_and_by_hand(actuation: Actuation) -> None:
    """What an administrator had written comes back, and not the kernel's choice."""
    before = files()
    (DIRECTORY / "node0").write_text("9")
    by_hand = files()
    weigh(actuation, dict.fromkeys(NODES, 5))
    weigh(actuation, dict.fromkeys(NODES, 255), number=2)
    assert {files()[f"node{node}"] for node in NODES} == {b"255\n"}
    actuation.undo("2", "enough")
    assert files() == by_hand
    (DIRECTORY / "node0").write_bytes(before["node0"])
    for name in before.keys() & {"auto", "__auto_type"}:
        (DIRECTORY / name).write_bytes(before[name])
    assert files() == before


@pytest.mark.parametrize("value", ["0", "256", "many"])
def test_what_is_no_weight_changes_nothing(actuation: Actuation, value: str) -> None:
    before = files()
    (done,) = actuation.apply([action(InterleaveWeight(node=0), value, workload=None)])
    assert done.status == "failed"
    assert done.detail.startswith("weighted_interleave of node0: ")
    assert files() == before
    assert actuation.in_force() == ()


def test_a_node_that_is_not_there(actuation: Actuation) -> None:
    (done,) = actuation.apply([action(InterleaveWeight(node=900), "4", workload=None)])
    assert done.status == "failed"
    assert "no such thing here" in done.detail
