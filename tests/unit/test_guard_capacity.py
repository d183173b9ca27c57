"""Whether the guard lets something happen that does not fit."""

from dataclasses import replace

import numpy as np
import pytest
from acting import action
from guarding import LIMITS, SIZE, knob, living, refusal, started, window
from situations import MIB, Row, situation

from llamas_bpf.contracts.action import Action, Affinity, CgroupReclaim, Pages
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId
from llamas_bpf.guard import Guard, Limits
from llamas_bpf.guard.checks import protected


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (knob("cpuset.cpus", "0-7"), "CPU 2-7 is not online here; online are 0-1"),
        (knob("cpuset.mems", "5"), "node5 has no memory"),
        (knob("memory.high", str(49 * MIB)), "uses 100 MiB and would be left 49 MiB, less than 50 MiB"),
        (action(CgroupReclaim(cgroup="/w1", cgroup_id=1), str(60 * MIB)), "would be left 40 MiB"),
    ],
)
def test_capacity(one: Action, words: str) -> None:
    check, sentence = refusal(one) or ("", "")
    assert check == "capacity"
    assert words in sentence


def test_memory_must_fit_where_it_goes() -> None:
    tight = living(situation([started()], free_ratio=0.12))
    assert refusal(knob("cpuset.mems", "0-1"), tight) == (
        "capacity",
        "hot (w1) needs 100 MiB more on node0-1, where 20.5 MiB are free beyond the reserve of 10%",
    )
    assert refusal(knob("cpuset.mems", "0-2"), tight) is None


def test_what_was_promised_in_this_window_counts() -> None:
    rows = [started("w1"), started("w2"), started("w3")]
    where = situation(rows, free_ratio=0.4, number=1)
    # 2 nodes of 512 MiB: 0.3 of it, 307 MiB, are free beyond the reserve; one claim may span both nodes.
    everyone = tuple(replace(workload, processes=()) for workload in where.digest.workloads)
    where = replace(where, recent=(replace(where.digest, workloads=everyone),))
    guard = Guard(LIMITS)
    wanted = [
        knob("cpuset.mems", node, workload=id_) for id_, node in (("w1", "0"), ("w2", "0"), ("w3", "0-1"))
    ]
    accepted, refused = guard.check(wanted, where, {1: 1.0})
    assert accepted == [wanted[0], wanted[2]]
    assert "100 MiB promised to others in this window" in refused[0].sentence
    again, _ = guard.check(wanted[:1], where, {1: 1.0})
    assert again == []
    later, _ = guard.check(wanted[:1], replace(where, number=2), {1: 1.0})
    assert later == wanted[:1]


def test_unknown_figures_are_a_refusal() -> None:
    unknown = living(situation([Row("w1", {}, node_bytes=(0, np.nan, 5), started_by_exec=True)]))
    for one in (
        knob("cpuset.mems", "0"),
        knob("memory.high", str(64 * MIB)),
        action(CgroupReclaim(cgroup="/w1", cgroup_id=1), str(MIB)),
    ):
        check, sentence = refusal(one, unknown) or ("", "")
        assert check == "capacity"
        assert "not known" in sentence
    no_free = window()
    del no_free.digest.machine["nodes"]["1"]
    assert "not known" in (refusal(knob("cpuset.mems", "0-1"), no_free) or ("", ""))[1]


def test_a_known_working_set_is_the_floor() -> None:
    rows = [Row("w1", SIZE | {"memory.working_set_bytes": 90.0 * MIB}, started_by_exec=True)]
    assert "its working set" in (refusal(knob("memory.high", str(80 * MIB)), window(*rows)) or ("", ""))[1]
    assert refusal(knob("memory.high", str(95 * MIB)), window(*rows)) is None


TREE = (ProcessId(100, 1), ProcessId(101, 1), ProcessId(102, 1))


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch) -> Situation:
    """A workload of three processes that nobody has to look at."""
    monkeypatch.setattr(protected, "_members", lambda *_: [])
    return window(processes=TREE, cgroup=None, cgroup_id=None)


def test_a_trees_processes_give_of_the_same_memory(tree: Situation) -> None:
    givers = [
        action(Pages(pid=one.pid, start_ticks=1, knob="pages.pageout"), str(20 * MIB), f"1.{one.pid}")
        for one in TREE
    ]
    accepted, refused = Guard(Limits()).check(givers, tree, {1: 1.0})
    assert len(accepted) == 2, "two give 40 of 100 MiB, of which half is to stay"
    assert "would be left 40 MiB, less than 50 MiB" in refused[0].sentence


def test_cpus_that_were_accepted_do_not_make_the_memory_fit(tree: Situation) -> None:
    """Near a device: both, or neither."""
    tree.digest.machine["nodes"]["0"]["free_bytes"] = 0
    near = [
        action(kind, "0", f"1.{number}")
        for number, kind in enumerate(
            [Affinity(pid=one.pid, start_ticks=1) for one in TREE]
            + [Pages(pid=one.pid, start_ticks=1, knob="pages.move") for one in TREE]
        )
    ]
    accepted, refused = Guard(Limits()).check(near, tree, {1: 1.0})
    assert accepted == []
    assert [one.check for one in refused] == ["capacity"] * 3 + ["half"] * 3
    assert refused[3].sentence == "the other half of this decision, pages.move, was refused: capacity"
    assert [one.action for one in refused[3:]] == near[:3]


def test_the_memory_of_a_tree_is_counted_once(tree: Situation) -> None:
    moves = [
        action(Pages(pid=one.pid, start_ticks=1, knob="pages.move"), "0", f"1.{one.pid}") for one in TREE
    ]
    again = moves[0].model_copy(update={"hint_id": 2, "workload": "w1", "id": "2.1"})
    guard = Guard(Limits())
    assert guard.check(moves, tree, {1: 1.0})[0] == moves
    assert [claim.amount_bytes for claim in guard._claims] == [100 * MIB]
    assert guard.check([again], tree, {2: 1.0})[0] == []


def test_one_process_of_many_parts_no_decision(tree: Situation) -> None:
    pids = [*TREE, ProcessId(999, 1)]
    pins = [action(Affinity(pid=one.pid, start_ticks=1), "0", f"1.{one.pid}") for one in pids]
    accepted, refused = Guard(Limits()).check(pins, tree, {1: 1.0})
    assert accepted == pins[:3]
    assert [one.check for one in refused] == ["scope"]


def test_a_half_that_was_dropped_claims_nothing(tree: Situation) -> None:
    both = [knob("cpuset.mems", "0"), knob("cpuset.cpus", "0-7")]
    where = window()
    guard = Guard(Limits())
    assert guard.check(both, where, {1: 1.0})[0] == []
    assert guard._claims == ()
    assert guard._accepted == ()


def test_knobs_that_have_nothing_to_do_with_each_other_are_no_halves() -> None:
    weight = knob("cpu.weight", "100")
    assert Guard(Limits()).check([weight, knob("cpuset.cpus", "0-7")], window(), {1: 1.0})[0] == [weight]
