"""Verdicts on planted truth: nothing, harm and help, in noise."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import reports

from llamas_bpf.contracts.action import Applied, CgroupReclaim
from llamas_bpf.contracts.digest import NODE_BYTES, Digest
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.learn import Judge
from llamas_bpf.learn.judge import AFTER, BEFORE, SETTLE

Noise = Callable[[np.random.Generator], Iterator[float]]
DUE = SETTLE + AFTER


def normal(random: np.random.Generator) -> Iterator[float]:
    while True:
        yield float(random.normal())


def spiky(random: np.random.Generator) -> Iterator[float]:
    while True:
        yield float(abs(random.normal()) * 0.1 + (5 if random.random() < 0.2 else 0))


def wandering(random: np.random.Generator) -> Iterator[float]:
    value = 0.0
    while True:
        value = 0.5 * value + 0.87 * float(random.normal())
        yield value


class Machine:
    """A workload w1 whose every judged figure wobbles by about a fifth, each on its own."""

    def __init__(self, seed: int, noise: Noise) -> None:
        random = np.random.default_rng(seed)
        self._noises = [noise(random) for _ in range(7)]

    def window(
        self, p99_ns: float = 4e6, fast: float = 0.5, workload: str = "w1", psi: float = 0.3
    ) -> Digest:
        a, b, c, d, e, f, g = (max(0.05, 1 + 0.2 * next(noise)) for noise in self._noises)
        total = 1 << 30
        share = min(fast * a, 1)
        row = {
            NODE_BYTES: (total * share, total * (1 - share)),
            "sched.runqueue_p99_ns": p99_ns * b,
            "faults.major": 300 * c,
            "psi.cpu_some_ratio": min(psi * d, 1),
            "psi.memory_some_ratio": min(psi * e, 1),
        }
        machine = {"cpu_some_ratio": min(0.3 * f, 1), "memory_some_ratio": min(0.3 * g, 1)}
        return reports.digest({workload: row}, psi=machine)


@dataclass
class Story:
    """Windows one after the other through a Judge, as the controller does it."""

    judge: Judge = field(default_factory=Judge)
    recent: list[Digest] = field(default_factory=list)
    in_force: list[Applied] = field(default_factory=list)

    def go(self, digest: Digest, applied: Sequence[Applied] = (), hint: Hint | None = None) -> list[Outcome]:
        self.recent.append(digest)
        situation = reports.situation(len(self.recent), self.recent[-32:], self.in_force)
        outcomes = self.judge.observe(
            situation, applied, {entry.action.hint_id: hint for entry in applied if hint}
        )
        self.in_force += [entry for entry in applied if entry.action.target.kind != "reclaim"]
        return outcomes


def verdict(
    before: Sequence[Digest], after: Sequence[Digest], *applied: Applied, hint: Hint | None = None
) -> list[Outcome]:
    story = Story()
    for digest in before[:-1]:
        assert story.go(digest) == []
    assert story.go(before[-1], applied or (reports.applied(1),), hint or reports.hint()) == []
    for digest in after[:-1]:
        assert story.go(digest) == []
    return story.go(after[-1])


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


def quiet(count: int, **changed: float) -> list[Digest]:
    """Windows without any noise."""

    def silent(random: np.random.Generator) -> Iterator[float]:
        while True:
            yield 0.0

    machine = Machine(0, silent)
    return [machine.window(**changed) for _ in range(count)]  # type: ignore[arg-type]


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
