"""What the guard sees beside an action: steps too large, others' last CPU, settings that contradict."""

from dataclasses import replace

import pytest
from acting import action
from guarding import held, knob, pin, started, window
from situations import GIB, MIB, situation

from llamas_bpf.contracts.action import Action, CgroupReclaim, Scheme, Target
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.guard import Guard, Limits

LIMITS = Limits.model_validate({"scope": {"machine_wide": True}})


def refused(
    one: Action, *before: Action, where: Situation | None = None, now: dict[str, str] | None = None
) -> tuple[str, str] | None:
    """The check and its sentence for ``one`` after others of the same window; ``now``: what knobs hold."""

    def present(target: Target) -> str | None:
        return (now or {}).get(target.knob)

    actions = [*before, one]
    sure = {each.hint_id: 1.0 for each in actions}
    _, found = Guard(LIMITS, present).check(actions, where or window(), sure)
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
        (knob("cpu.max", "10000 100000"), "100000 100000", "would go from 1 CPUs to 0.1 CPUs"),
        (knob("cpu.uclamp.min", "70.00"), "10.00", "would go from 10 % to 70 %"),
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
        (knob("cpu.max", "10000 100000"), "max 100000"),
        (knob("memory.high", str(80 * MIB)), "max"),
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
        "CPU 1 is the only one of w2, and limits.toml lets 1 be pinned to one CPU:"
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
