"""Verdicts on planted truth: nothing, harm and help, in noise."""

import pytest
import reports
from stories import DUE, Machine, Noise, normal, quiet, spiky, verdict, wandering

from llamas_bpf.contracts.hint import Expect
from llamas_bpf.learn.judge import AFTER, BEFORE, SETTLE


@pytest.mark.parametrize("noise", [normal, spiky, wandering])
@pytest.mark.parametrize("windows", [BEFORE, 5])
def test_nothing_done_is_judged_neutral(noise: Noise, windows: int) -> None:
    neutral = 0
    for seed in range(100):
        machine = Machine(seed, noise)
        before = [machine.window() for _ in range(windows)]
        [outcome] = verdict(before, [machine.window() for _ in range(DUE)])
        neutral += outcome.verdict == "neutral"
    assert neutral >= 95


@pytest.mark.parametrize("noise", [normal, wandering])
def test_planted_harm_is_seen(noise: Noise) -> None:
    for seed in range(100):
        machine = Machine(seed, noise)
        before = [machine.window() for _ in range(BEFORE)]
        # It does what it promised, at a price.
        [outcome] = verdict(before, [machine.window(p99_ns=20e6, fast=1.0) for _ in range(DUE)])
        assert outcome.verdict == "harmed", outcome.reason
        assert "sched.runqueue_p99_ns rose from" in outcome.reason


@pytest.mark.parametrize("noise", [normal, wandering])
def test_planted_help_is_seen(noise: Noise) -> None:
    helped = 0
    for seed in range(100):
        machine = Machine(seed, noise)
        before = [machine.window(p99_ns=20e6, fast=0.2) for _ in range(BEFORE)]
        after = [machine.window(p99_ns=4e6, fast=1.0) for _ in range(DUE)]
        [outcome] = verdict(before, after)
        helped += outcome.verdict == "helped"
    assert helped >= 95


def test_the_outcome_tells_its_figures() -> None:
    [outcome] = verdict(quiet(6, fast=0.25), quiet(DUE, fast=0.95))
    assert outcome.verdict == "helped"
    assert outcome.action_id == "1.1"
    assert outcome.workload == "w1"
    assert outcome.expected is not None
    assert (outcome.expected.before, outcome.expected.after, outcome.expected.noise) == (0.25, 0.95, 0)
    assert {change.metric for change in outcome.safety} == {
        "psi.memory_some_ratio",
        "psi.cpu_some_ratio",
        "sched.runqueue_p99_ns",
        "faults.major",
        "machine.psi.memory_some_ratio",
        "machine.psi.cpu_some_ratio",
    }
    assert outcome.reason == (
        "memory.fast_tier_ratio rose from 25 % to 95 % (noise 0 %), as hoped, and no safety metric rose"
    )


def test_the_opposite_of_the_promise_is_harm() -> None:
    [outcome] = verdict(quiet(6, fast=0.9), quiet(DUE, fast=0.1))
    assert outcome.verdict == "harmed"
    assert "should have gone up" in outcome.reason


def test_small_change_without_noise_is_still_neutral() -> None:
    [outcome] = verdict(quiet(6, fast=0.5, p99_ns=4e6), quiet(DUE, fast=0.505, p99_ns=4.1e6))
    assert outcome.verdict == "neutral"


@pytest.mark.parametrize(
    ("steps", "told"), [(-2, "helped"), (-1, "neutral"), (0, "neutral"), (1, "neutral"), (2, "harmed")]
)
def test_one_step_of_a_histogram_is_no_change(steps: int, told: str) -> None:
    after = quiet(DUE, p99_ns=float(1 << 24 + steps))
    hoped = Expect(metric="sched.runqueue_p99_ns", direction="down")
    hint = reports.hint().model_copy(update={"expect": hoped})
    [outcome] = verdict(quiet(BEFORE, p99_ns=float(1 << 24)), after, hint=hint)
    assert outcome.verdict == told, outcome.reason


def test_one_bad_window_is_no_harm() -> None:
    after = quiet(DUE)
    after[SETTLE + 1] = quiet(1, p99_ns=1e9)[0]
    [outcome] = verdict(quiet(6), after)
    assert outcome.verdict == "neutral"


def test_what_happens_while_settling_does_not_count() -> None:
    [outcome] = verdict(quiet(6), quiet(SETTLE, p99_ns=1e9) + quiet(AFTER))
    assert outcome.verdict == "neutral"


def test_nothing_promised_is_judged_by_safety_alone() -> None:
    hint = reports.hint(expect=None)
    assert verdict(quiet(6), quiet(DUE), hint=hint)[0].verdict == "neutral"
    assert verdict(quiet(6), quiet(DUE, psi=0.9), hint=hint)[0].verdict == "harmed"


def test_a_metric_the_kernel_cannot_tell_is_neutral() -> None:
    hint = reports.hint(expect={"metric": "psi.io_some_ratio", "direction": "down"})
    [outcome] = verdict(quiet(6), quiet(DUE), hint=hint)
    assert (outcome.verdict, outcome.expected) == ("neutral", None)
    assert "psi.io_some_ratio is not known here" in outcome.reason


def test_too_short_a_history_is_neutral_and_says_so() -> None:
    [outcome] = verdict(quiet(2, fast=0.1), quiet(DUE, fast=0.9))
    assert outcome.verdict == "neutral"
    assert outcome.reason == "2 windows before and 5 after are too few to tell"


def test_actions_of_one_decision_share_their_verdict() -> None:
    both = (reports.applied(4), reports.affinity(4))
    outcomes = verdict(quiet(6), quiet(DUE, p99_ns=1e9), *both)
    assert [(outcome.action_id, outcome.verdict) for outcome in outcomes] == [
        ("4.1", "harmed"),
        ("4.2", "harmed"),
    ]


@pytest.mark.parametrize("status", ["unchanged", "dry_run", "failed"])
def test_only_what_was_written_is_judged(status: str) -> None:
    assert verdict(quiet(6), quiet(DUE), reports.applied(1, status=status)) == []


def test_a_machine_wide_action_is_judged_on_the_whole_machine() -> None:
    applied = reports.applied(1, workload=None)
    [outcome] = verdict(quiet(6, fast=0.2), quiet(DUE, fast=0.9), applied)
    assert (outcome.workload, outcome.verdict) == (None, "helped")


def test_a_safety_metric_that_rises_is_harm_even_where_it_was_hoped_for() -> None:
    hint = reports.hint(expect={"metric": "psi.cpu_some_ratio", "direction": "up"})
    [outcome] = verdict(quiet(6), quiet(DUE, psi=0.9), hint=hint)
    assert outcome.verdict == "harmed"
    assert "psi.cpu_some_ratio rose from 30 % to 90 %" in outcome.reason


@pytest.mark.parametrize("metric", ["psi.io_some_ratio", "psi.memory_full_ratio"])
def test_waiting_for_the_disk_and_standing_still_are_harm(metric: str) -> None:
    before, after = quiet(6), quiet(DUE)
    for digests, ratio in ((before, 0.01), (after, 0.4)):
        for digest in digests:
            digest.table[metric] = ratio
    [outcome] = verdict(before, after)
    assert outcome.verdict == "harmed"
    assert f"{metric} rose from" in outcome.reason
