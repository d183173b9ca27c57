"""Whether the guard lets something happen that does not fit."""

from dataclasses import replace

import numpy as np
import pytest
from acting import action
from guarding import LIMITS, SIZE, knob, living, refusal, started, window
from situations import MIB, Row, situation

from llamas_bpf.contracts.action import Action, CgroupReclaim
from llamas_bpf.guard import Guard


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
