"""From an action to its verdict: who is on trial, for how long, and what ends it early."""

from dataclasses import replace

import reports
from stories import DUE, Story, quiet, verdict

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import CgroupReclaim, Scheme
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.learn.judge import AFTER, SETTLE, SETTLE_S
from llamas_bpf.learn.noise import FEWEST


def test_a_workload_that_has_gone_is_dropped_by_name() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(digest)
    story.go(quiet(1)[0], [reports.applied(8)], reports.hint())
    said: list[str] = []
    for _ in range(DUE + 3):
        assert story.go(reports.digest({"w2": reports.ROW})) == []
        said += story.judge.dropped
    assert said == ["w1 (hot) was gone before decision 8 was judged"]


def test_what_was_taken_back_is_dropped() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(digest)
    story.go(quiet(1)[0], [reports.applied(8)], reports.hint())
    story.in_force.clear()
    said: list[str] = []
    for digest in quiet(DUE, p99_ns=1e9):
        assert story.go(digest) == []
        said += story.judge.dropped
    assert said == ["w1 (hot) was put back, or its processes ended, before decision 8 was judged"]


def test_processes_that_end_leave_the_others_to_be_judged() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(digest)
    story.go(quiet(1)[0], [reports.applied(8), reports.affinity(8)], reports.hint())
    story.in_force = [reports.affinity(8)]
    outcomes = [outcome for digest in quiet(DUE, fast=1.0) for outcome in story.go(digest)]
    assert [outcome.action_id for outcome in outcomes] == ["8.2"]


def test_a_one_shot_is_judged_though_nothing_stays_in_force() -> None:
    target = CgroupReclaim(cgroup="/llamas/hot", cgroup_id=1)
    [outcome] = verdict(quiet(6), quiet(DUE, psi=0.95), reports.applied(1, target=target))
    assert outcome.verdict == "harmed"


def killing(digest: Digest, kills: int) -> Digest:
    return replace(digest, machine=digest.machine | {"oom_kills": kills})


def test_a_kill_for_want_of_memory_is_harm_at_once() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(killing(digest, 0))
    story.go(killing(quiet(1)[0], 0), [reports.applied(8)], reports.hint())
    assert story.go(killing(quiet(1)[0], 0)) == []
    [outcome] = story.go(killing(quiet(1)[0], 1))
    assert (outcome.verdict, outcome.reason) == (
        "harmed",
        "machine.oom_kills rose from 0 to 1 (noise 0)",
    )


def test_kills_as_many_as_before_are_nobodys_doing() -> None:
    before, after = ([killing(each, 1) for each in quiet(count)] for count in (6, DUE))
    assert verdict(before, after)[0].verdict == "neutral"


def test_a_workload_that_was_killed_is_judged_though_it_has_gone() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(killing(digest, 0))
    story.go(killing(quiet(1)[0], 0), [reports.applied(8)], reports.hint())
    [outcome] = story.go(killing(reports.digest({"w2": reports.ROW}), 1))
    assert outcome.verdict == "harmed"


def test_a_workload_is_on_trial_until_its_verdict() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(digest)
    story.go(quiet(1)[0], [reports.applied(8)], reports.hint())
    for digest in quiet(DUE - 1):
        assert story.judge.on_trial == {"w1"}
        story.go(digest)
    [outcome] = story.go(quiet(1)[0])
    assert story.judge.on_trial == frozenset()
    assert outcome.gist == '{"kind":"place_memory","nodes":["node0"],"pages":"all"}'
    assert outcome.situation == fingerprint.of(reports.situation(1, quiet(7)), "w1")


def test_what_works_by_sampling_is_given_longer_to_settle() -> None:
    scheme = Scheme(knob="migrate_cold", cgroup="/llamas/hot", cgroup_id=1)
    done = reports.applied(1, target=scheme, value="target_nid=2 bytes=4096")
    longer = int(SETTLE_S["scheme"])
    [outcome] = verdict(quiet(6), quiet(longer, p99_ns=1e9) + quiet(AFTER), done)
    assert outcome.verdict == "neutral"


def test_what_was_set_otherwise_is_said_so() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(digest)
    story.go(quiet(1)[0], [reports.applied(8)], reports.hint())
    story.in_force = [reports.applied(9, value="2")]
    story.go(quiet(1)[0])
    assert story.judge.dropped == ["w1 (hot) was set otherwise by decision 9 before decision 8 was judged"]


def test_what_ends_early_is_judged_by_the_windows_there_were() -> None:
    story = Story()
    for digest in quiet(6):
        story.go(digest)
    story.go(quiet(1)[0], [reports.applied(8)], reports.hint())
    for digest in quiet(SETTLE + FEWEST, p99_ns=1e9):
        assert story.go(digest) == []
    story.in_force.clear()
    [outcome] = story.go(quiet(1)[0])
    assert (outcome.action_id, outcome.verdict) == ("8.1", "harmed")
    assert story.judge.dropped == []


def test_many_kills_are_more_than_one_though_never_two_in_a_window() -> None:
    story = Story()
    for digest in [*quiet(5), killing(quiet(1)[0], 1)]:
        story.go(digest)
    story.go(killing(quiet(1)[0], 0), [reports.applied(8)], reports.hint())
    assert story.go(killing(quiet(1)[0], 1)) == []
    [outcome] = story.go(killing(quiet(1)[0], 1))
    assert outcome.reason == "machine.oom_kills rose from 1 to 2 (noise 0)"


def test_kills_of_others_are_nobodys_doing_where_ones_own_are_known() -> None:
    before, after = ([killing(each, kills) for each in quiet(n)] for n, kills in ((6, 0), (DUE, 3)))
    for digest in (*before, *after):
        digest.table["reclaim.oom_kills"] = 0
    assert verdict(before, after)[0].verdict == "neutral"
