"""What the guard sees beside an action: steps too large, others' last CPU, settings that contradict."""

from dataclasses import replace

import pytest
from acting import action
from guarding import held, knob, pin, started, window
from situations import GIB, MIB, situation

from llamas_bpf.contracts.action import (
    Action,
    CgroupController,
    CgroupReclaim,
    InterleaveWeight,
    Priority,
    Scheme,
    Target,
)
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId
from llamas_bpf.guard import Guard, Limits

LIMITS = Limits.model_validate({"scope": {"machine_wide": True}})
#: No process can have it: the kernel's own limit of pids is 2^22 (include/linux/threads.h, PID_MAX_LIMIT).
NOBODY = ProcessId((1 << 22) + 7, 1)
PRIORITY = Priority(pid=NOBODY.pid, start_ticks=1)
WEIGHT = InterleaveWeight(node=0)


def refused(
    one: Action, *before: Action, where: Situation | None = None, now: dict[str, str] | None = None
) -> tuple[str, str] | None:
    """The check and its sentence for ``one`` after others of the same window; ``now``: what knobs hold."""

    def present(target: Target) -> str | None:
        return (now or {}).get(target.knob)

    actions = [*before, one]
    sure = {each.hint_id: 1.0 for each in actions}
    _, found = Guard(LIMITS, present).check(actions, where or window(processes=(NOBODY,)), sure)
    assert [each.action for each in found] in ([], [one]), found
    return (found[0].check, found[0].sentence) if found else None


def two(*in_force: Action) -> Situation:
    """Two workloads, with what is in force; processes are left out so that nobody looks at real ones."""
    where = situation([started("w1"), started("w2")])
    workloads = tuple(replace(each, processes=()) for each in where.digest.workloads)
    digest = replace(where.digest, workloads=workloads)
    return replace(where, recent=(digest,), in_force=tuple(held(one) for one in in_force))


@pytest.mark.parametrize(
    ("one", "now", "words"),
    [
        (knob("cpu.weight", "401"), "100", "would go from 100 to 401, and limits.toml allows 25 to 400"),
        (knob("cpu.weight", "24"), "100", "allows 25 to 400 in one step"),
        (knob("memory.high", str(60 * MIB)), str(GIB), "would go from 1 GiB to 60 MiB"),
        (knob("cpu.max", "10000 100000"), "100000 100000", "would go from 1 CPU to 0.1 CPUs"),
        (knob("cpu.max", "10000 100000"), "max 100000", "would go from 2 CPUs to 0.1 CPUs"),
        (knob("cpu.uclamp.min", "70.00"), "10.00", "would go from 10 % to 70 %"),
        (knob("cpu.uclamp.max", "20.00"), "max", "would go from 100 % to 20 %"),
        (action(PRIORITY, "10 batch"), "0 other", "would go from nice 0 to nice 10"),
        (action(WEIGHT, "9", workload=None), "1", "would go from 1 to 9, and limits.toml allows 1 to 8"),
    ],
)
def test_too_large_a_step(one: Action, now: str, words: str) -> None:
    check, sentence = refused(one, now={one.target.knob: now}) or ("", "")
    assert check == "step"
    assert words in sentence


@pytest.mark.parametrize(
    ("one", "now"),
    [
        (knob("cpu.weight", "400"), "100"),
        (knob("cpu.weight", "25"), "100"),
        (knob("cpu.weight", "1000"), None),
        (knob("cpu.max", "50000 100000"), "max 100000"),
        (knob("cpu.uclamp.max", "50.00"), "max"),
        (knob("memory.high", str(80 * MIB)), "max"),
        (action(PRIORITY, "6 other"), "0 other"),
        (action(WEIGHT, "8", workload=None), "1"),
        (knob("memory.high", "max"), str(80 * MIB)),
        (knob("memory.low", str(8 * MIB)), "0"),
    ],
)
def test_steps_that_may_be_taken(one: Action, now: str | None) -> None:
    assert refused(one, now={one.target.knob: now} if now else {}) is None


def test_the_last_cpu_of_another_pinned_workload() -> None:
    where = two(knob("cpuset.cpus", "1", workload="w2", id_="7.1"))
    assert refused(knob("cpuset.cpus", "1"), where=where) == (
        "pinned",
        "CPU 1 is the only one of w2, and pinned_per_cpu in limits.toml is 1:"
        " hot (w1) needs another, or more than one",
    )
    assert refused(knob("cpuset.cpus", "0"), where=where) is None
    assert refused(knob("cpuset.cpus", "0-1"), where=where) is None


def test_the_last_cpu_is_taken_within_one_window_too() -> None:
    first = knob("cpuset.cpus", "1", workload="w2", id_="2.1")
    check, _ = refused(knob("cpuset.cpus", "1"), first, where=two()) or ("", "")
    assert check == "pinned"


def test_a_workload_does_not_stand_in_its_own_way() -> None:
    assert refused(knob("cpuset.cpus", "1"), where=two(pin(100, "1"), pin(101, "1"))) is None


def test_what_helped_stays_until_its_time_is_over() -> None:
    before = knob("cpu.weight", "300", id_="7.1")
    where = replace(two(before), proven=frozenset({"7.1"}))
    assert refused(knob("cpu.weight", "200"), where=where) == (
        "conflict",
        "decision 7 set cpu.weight of hot (w1) to 300, which helped: it stays until its time is over",
    )
    assert refused(knob("cpu.weight", "300"), where=where) is None
    assert refused(knob("cpu.weight", "200"), where=two(before)) is None


def test_what_came_to_nothing_is_corrected_but_not_contradicted_by_another_knob() -> None:
    where = two(knob("cpuset.mems", "0", id_="7.1"))
    assert refused(knob("cpuset.mems", "2"), where=where) is None
    scheme = action(Scheme(knob="migrate_cold", cgroup="/w1", cgroup_id=1), "target_nid=2 ms=10 bytes=4096")
    assert (refused(scheme, where=where) or [""])[0] == "conflict"


def test_no_more_is_protected_than_may_be_used() -> None:
    capped = two(knob("memory.high", str(80 * MIB), id_="7.1"))
    words = "hot (w1) would have 90 MiB protected (memory.low), more than the 80 MiB it may use (memory.high)"
    assert refused(knob("memory.low", str(90 * MIB)), where=capped) == ("conflict", words)
    assert refused(knob("memory.low", str(70 * MIB)), where=capped) is None
    now = {"memory.low": str(90 * MIB)}
    assert refused(knob("memory.high", str(80 * MIB)), now=now) == ("conflict", words)
    assert refused(knob("memory.high", "max"), now=now) is None


def test_what_is_protected_is_not_taken() -> None:
    where = two(knob("memory.low", str(90 * MIB), id_="7.1"))
    for target in (CgroupReclaim(cgroup="/w1", cgroup_id=1),):
        check, sentence = refused(action(target, str(8 * MIB)), where=where) or ("", "")
        assert check == "conflict"
        assert "decision 7 protects 90 MiB of hot (w1)" in sentence


def test_pages_are_not_sent_where_the_cpuset_forbids_them() -> None:
    where = two(knob("cpuset.mems", "0-1", id_="7.1"))
    scheme = Scheme(knob="migrate_cold", cgroup="/w1", cgroup_id=1)
    check, sentence = refused(action(scheme, "target_nid=2 ms=10 bytes=4096"), where=where) or ("", "")
    assert check == "conflict"
    assert "cpuset.mems of hot (w1) at 0-1" in sentence
    assert refused(action(scheme, "target_nid=1 ms=10 bytes=4096"), where=where) is None


def test_more_memory_is_not_protected_than_there_is() -> None:
    where = two(knob("memory.low", str(900 * MIB), workload="w2", id_="7.1"))
    where.digest.table["memory.current_bytes"] = 400 * MIB
    check, sentence = refused(knob("memory.low", str(600 * MIB)), where=where) or ("", "")
    assert check == "capacity"
    assert "of which 900 MiB are protected for others" in sentence
    assert refused(knob("memory.low", str(500 * MIB)), where=where) is None


def test_a_scheme_needs_a_node_with_memory() -> None:
    scheme = Scheme(knob="migrate_cold", cgroup="/w1", cgroup_id=1)
    assert refused(action(scheme, "target_nid=7 bytes=4096")) == (
        "capacity",
        "node7 has no memory on this machine",
    )
    assert refused(action(scheme, "bytes=4096")) == ("capacity", "migrate_cold does not say to which node")


def test_a_scheme_needs_some_room_on_its_node() -> None:
    scheme = action(Scheme(knob="migrate_hot", cgroup="/w1", cgroup_id=1), "target_nid=0 bytes=4096")
    full = replace(two(), recent=(replace(two().digest, machine={"nodes": {"0": {"free_bytes": MIB}}}),))
    assert refused(scheme, where=full) == ("capacity", "nothing is free on node0 beyond the reserve of 5%")
    unknown = replace(two(), recent=(replace(two().digest, machine={}),))
    assert refused(scheme, where=unknown) == ("capacity", "how much memory is free on node0 is not known")


def test_a_weight_needs_a_node_with_memory() -> None:
    weight = action(InterleaveWeight(node=7), "2", workload=None)
    assert refused(weight) == ("capacity", "node7 has no memory on this machine")


def test_no_more_is_protected_than_twice_what_is_used() -> None:
    assert refused(knob("memory.low", str(200 * MIB))) is None
    assert refused(knob("memory.low", str(201 * MIB))) == (
        "capacity",
        "hot (w1) uses 100 MiB, and 201 MiB protected is more than twice that: at most 200 MiB may be",
    )


def test_the_policy_idle_is_beyond_every_nice() -> None:
    check, sentence = refused(action(PRIORITY, "0 idle")) or ("", "")
    assert check == "bounds"
    assert "would become idle, and limits.toml allows nice 0 to nice 19" in sentence


def test_a_controller_is_not_to_be_had_by_itself() -> None:
    one = action(CgroupController(cgroup="/", cgroup_id=1, knob="cpu"), "on")
    assert (refused(one) or [""])[0] == "scope"
