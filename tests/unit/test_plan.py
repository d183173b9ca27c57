"""What each kind of hint means on a machine."""

from dataclasses import replace
from typing import Any

import pytest
from situations import MIB, hot, machine, situation

from llamas_bpf.act import scheme_value
from llamas_bpf.act.scheme_value import Goal
from llamas_bpf.contracts.action import (
    Action,
    Affinity,
    CgroupKnob,
    CgroupReclaim,
    Pages,
    Priority,
    Refusal,
    Scheme,
    SystemKnob,
)
from llamas_bpf.contracts.hint import HINT, Advice
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId
from llamas_bpf.plan import plan

KNOWN = frozenset({"w1", "w9", "node0", "node1", "node2", "node7", "gpu0", "gpu7", "eth0"})


def planned(hint: dict[str, Any], where: Situation | None = None) -> tuple[list[Action], list[Refusal]]:
    parsed = HINT.validate_python({"reason": "because", "confidence": 0.9, "ttl_s": 30} | hint)
    advice = Advice(advisor="test", hints=[parsed], known_ids=KNOWN)
    return plan(advice, [17], where or situation([hot()]))


def values(hint: dict[str, Any], where: Situation | None = None) -> list[tuple[Any, str]]:
    actions, refusals = planned(hint, where)
    assert not refusals
    assert [action.id for action in actions] == [f"17.{n + 1}" for n in range(len(actions))]
    assert all(action.hint_id == 17 and action.ttl_s == 30 for action in actions)
    return [(action.target, action.value) for action in actions]


def sentence(hint: dict[str, Any], where: Situation | None = None) -> str:
    actions, refusals = planned(hint, where)
    assert not actions
    assert [(refusal.hint_id, refusal.check) for refusal in refusals] == [(17, "plan")]
    return refusals[0].sentence


def processes(*starts: int) -> Situation:
    """The same window, in which the workload is some processes."""
    whole = situation([hot()], of=machine().model_copy(update={"cgroup_controllers": ()}))
    tree = tuple(ProcessId(200 + n, start) for n, start in enumerate(starts))
    workload = replace(whole.digest.workloads[0], cgroup=None, cgroup_id=None, processes=tree)
    return replace(whole, recent=(replace(whole.digest, workloads=(workload,)),))


def in_cgroup(cgroup: str) -> Situation:
    whole = situation([hot()])
    workload = replace(whole.digest.workloads[0], cgroup=cgroup)
    return replace(whole, recent=(replace(whole.digest, workloads=(workload,)),))


def of(knob: Any) -> CgroupKnob:
    return CgroupKnob(cgroup="/w1", cgroup_id=1, knob=knob)


def test_place_memory_is_a_node_list() -> None:
    hint = {"kind": "place_memory", "workload": "w1", "nodes": ["node2", "node0", "node1"]}
    assert values(hint) == [(of("cpuset.mems"), "0-2")]


@pytest.mark.parametrize(("pages", "knob"), [("hot", "migrate_hot"), ("cold", "migrate_cold")])
def test_place_memory_by_heat_is_a_scheme(pages: str, knob: Any) -> None:
    hint = {"kind": "place_memory", "workload": "w1", "nodes": ["node2"], "pages": pages}
    ((target, value),) = values(hint)
    assert target == Scheme(knob=knob, cgroup="/w1", cgroup_id=1)
    assert scheme_value.parse(target, value).node == 2
    assert "one node only" in sentence(hint | {"nodes": ["node0", "node2"]})
    assert "pages are told apart by it" in sentence(hint, processes(5))


def test_tune_tiering_sorts_by_heat() -> None:
    found = values({"kind": "tune_tiering", "sort_by_heat": True})
    assert [target for target, _ in found] == [Scheme(knob="lru_prio"), Scheme(knob="lru_deprio")]
    for target, value in found:
        assert str(scheme_value.parse(target, value)) == value


def test_place_cpu_is_a_cpu_list() -> None:
    hint = {"kind": "place_cpu", "workload": "w1", "cpus": [8, 1, 0, 3, 2]}
    assert values(hint) == [(of("cpuset.cpus"), "0-3,8")]


def test_place_cpu_without_cgroup_is_an_affinity_for_every_living_process() -> None:
    hint = {"kind": "place_cpu", "workload": "w1", "cpus": [1]}
    assert values(hint, processes(5, 0, 7)) == [
        (Affinity(pid=200, start_ticks=5), "1"),
        (Affinity(pid=202, start_ticks=7), "1"),
    ]
    assert "no process" in sentence(hint, processes(0))


def moved(pid: int, start: int, knob: str = "pages.move") -> Pages:
    return Pages.model_validate({"pid": pid, "start_ticks": start, "knob": knob})


def test_place_memory_without_cpuset_moves_the_pages_of_every_living_process() -> None:
    hint = {"kind": "place_memory", "workload": "w1", "nodes": ["node2"]}
    assert values(hint, processes(5, 0, 7)) == [(moved(200, 5), "2"), (moved(202, 7), "2")]
    assert "no process" in sentence(hint, processes(0))
    assert "pages are told apart by it" in sentence(hint | {"pages": "hot"}, processes(5))
    without = machine().model_copy(update={"cgroup_controllers": ("memory",)})
    assert values(hint, situation([hot()], of=without)) == [(moved(100, 1), "2")]


@pytest.mark.parametrize(
    ("amount", "shares"), [(8 * MIB, [4 * MIB, 4 * MIB]), (3 * 4096, [4096, 4096]), (5000, [4096])]
)
def test_reclaim_without_cgroup_is_shared_out(amount: int, shares: list[int]) -> None:
    hint = {"kind": "reclaim_memory", "workload": "w1", "amount_bytes": amount}
    wanted = [
        (moved(pid, start, "pages.pageout"), share)
        for pid, start, share in zip((200, 202), (5, 7), map(str, shares), strict=False)
    ]
    assert values(hint, processes(5, 0, 7)) == wanted
    assert "no process" in sentence(hint, processes(0))


def test_weigh_cpu() -> None:
    assert values({"kind": "weigh_cpu", "workload": "w1", "weight": 300}) == [(of("cpu.weight"), "300")]
    bounds = {"most_cpus": 1.5, "least_speed_percent": 20, "most_speed_percent": 100}
    assert values({"kind": "weigh_cpu", "workload": "w1"} | bounds) == [
        (of("cpu.max"), "150000 100000"),
        (of("cpu.uclamp.min"), "20.00"),
        (of("cpu.uclamp.max"), "max"),
    ]
    assert values({"kind": "weigh_cpu", "workload": "w1", "most_cpus": 0.001}) == [
        (of("cpu.max"), "1000 100000")
    ]
    assert "must be given" in sentence({"kind": "weigh_cpu", "workload": "w1"})
    assert "above its most" in sentence(
        {"kind": "weigh_cpu", "workload": "w1", "least_speed_percent": 50, "most_speed_percent": 40}
    )


@pytest.mark.parametrize(
    ("weight", "value"),
    [(99, "1 other"), (80, "1 other"), (33, "5 other"), (11, "10 batch"), (2, "18 batch"), (1, "19 idle")],
)
def test_less_cpu_without_a_cgroup_is_a_priority(weight: int, value: str) -> None:
    hint = {"kind": "weigh_cpu", "workload": "w1", "weight": weight}
    assert values(hint, processes(5, 0, 7)) == [
        (Priority(pid=200, start_ticks=5), value),
        (Priority(pid=202, start_ticks=7), value),
    ]
    assert "no process" in sentence(hint, processes(0))


def test_more_cpu_without_a_cgroup_is_less_for_others() -> None:
    hint = {"kind": "weigh_cpu", "workload": "w1", "weight": 100}
    assert "less for others" in sentence(hint, processes(5))


def test_cap_memory_is_whole_pages() -> None:
    hint = {"kind": "cap_memory", "workload": "w1", "limit_bytes": 64 * MIB + 5}
    assert values(hint) == [(of("memory.high"), str(64 * MIB))]


def test_cap_memory_bounds_each_of_what_it_is_given() -> None:
    hint = {"kind": "cap_memory", "workload": "w1"}
    assert values(hint | {"swap_bytes": 4097}) == [(of("memory.swap.max"), "4096")]
    assert values(hint | {"limit_bytes": MIB, "swap_bytes": 0, "zswap_bytes": 2 * MIB + 1}) == [
        (of("memory.high"), str(MIB)),
        (of("memory.swap.max"), "0"),
        (of("memory.zswap.max"), str(2 * MIB)),
    ]
    assert "gives no limit" in sentence(hint)


def test_protect_memory_is_whole_pages() -> None:
    hint = {"kind": "protect_memory", "workload": "w1", "amount_bytes": 3 * MIB + 4095}
    assert values(hint) == [(of("memory.low"), str(3 * MIB))]
    assert values(hint | {"amount_bytes": 0}) == [(of("memory.low"), "0")]


def test_reclaim_memory() -> None:
    hint = {"kind": "reclaim_memory", "workload": "w1", "amount_bytes": MIB}
    assert values(hint) == [(CgroupReclaim(cgroup="/w1", cgroup_id=1), str(MIB))]


def test_reclaim_memory_steadily_is_a_scheme_with_a_goal() -> None:
    hint = {"kind": "reclaim_memory", "workload": "w1", "amount_bytes": MIB, "how": "steadily"}
    ((target, value),) = values(hint)
    assert target == Scheme(knob="pageout", cgroup="/w1", cgroup_id=1)
    asked = scheme_value.parse(target, value)
    assert (asked.bytes, asked.goal) == (MIB, Goal("some_mem_psi_us", 1000))


@pytest.mark.parametrize(
    ("now", "promotion", "value"), [(0, True, "2"), (1, True, "3"), (3, False, "1"), (None, True, "2")]
)
def test_tune_tiering_changes_its_own_bit_only(now: int | None, promotion: bool, value: str) -> None:
    where = situation([hot()])
    where.digest.machine["tiering"]["numa_balancing"] = now
    assert values({"kind": "tune_tiering", "promotion": promotion}, where) == [
        (SystemKnob(knob="kernel.numa_balancing"), value)
    ]


def test_tune_tiering_demotion() -> None:
    assert values({"kind": "tune_tiering", "demotion": True}) == [
        (SystemKnob(knob="numa.demotion_enabled"), "true")
    ]
    assert "gives no setting" in sentence({"kind": "tune_tiering"})
    assert "one memory tier" in sentence(
        {"kind": "tune_tiering", "demotion": True}, situation([hot()], of=machine(tiers=((0, 1, 2),)))
    )


def test_leave_is_nothing() -> None:
    assert planned({"kind": "leave", "workload": "w1"}) == ([], [])
    assert planned({"kind": "leave"}) == ([], [])


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        ({"kind": "weigh_cpu", "workload": "w2", "weight": 5}, "w2 was not among the ids"),
        ({"kind": "weigh_cpu", "workload": "w9", "weight": 5}, "w9 is gone"),
        ({"kind": "leave", "workload": "w9"}, "w9 is gone"),
        ({"kind": "place_memory", "workload": "w1", "nodes": ["node5"]}, "node5 was not among the ids"),
        ({"kind": "place_memory", "workload": "w1", "nodes": ["node7"]}, "node7 is not a node of this"),
    ],
)
def test_ids_are_those_of_the_prompt_and_of_now(hint: dict[str, Any], words: str) -> None:
    assert words in sentence(hint)


@pytest.mark.parametrize(
    "hint",
    [
        {"kind": "weigh_cpu", "workload": "w1", "most_cpus": 2},
        {"kind": "weigh_cpu", "workload": "w1", "most_speed_percent": 50},
        {"kind": "cap_memory", "workload": "w1", "limit_bytes": MIB},
        {"kind": "cap_memory", "workload": "w1", "zswap_bytes": 0},
        {"kind": "protect_memory", "workload": "w1", "amount_bytes": MIB},
    ],
)
def test_what_only_a_cgroup_has_is_refused_to_others(hint: dict[str, Any]) -> None:
    assert "only a cgroup has" in sentence(hint, processes(5))
    assert "root cgroup" in sentence(hint, in_cgroup("/"))
    assert "not UTF-8" in sentence(hint, in_cgroup("/a\udcff"))
    without = machine().model_copy(update={"cgroup_controllers": ("io",)})
    assert "controller" in sentence(hint, situation([hot()], of=without))


def test_a_refused_hint_does_not_stop_the_others() -> None:
    hints = [
        HINT.validate_python(
            {"kind": "weigh_cpu", "workload": id_, "weight": 5, "reason": "r", "confidence": 1}
        )
        for id_ in ("w1", "w9", "w1")
    ]
    actions, refusals = plan(
        Advice(advisor="test", hints=hints, known_ids=KNOWN), [1, 2, 3], situation([hot()])
    )
    assert [action.id for action in actions] == ["1.1", "3.1"]
    assert [refusal.hint_id for refusal in refusals] == [2]


def test_machine_is_only_read() -> None:
    where: Machine = machine()
    planned({"kind": "weigh_cpu", "workload": "w1", "weight": 5}, situation([hot()], of=where))
    assert where == machine()
