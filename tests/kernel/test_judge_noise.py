"""Verdicts on a real machine's noise: what does nothing is neutral, what takes the CPU away is harm."""

import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import get_args

import pytest
from noisy_mix import CHARACTERS, CROWD, mix, of_pid, recorded, starting_on

from llamas_bpf import machine
from llamas_bpf.contracts.action import Action, Affinity, Applied
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.hint import HINT, Expect, Metric
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.learn import Judge
from llamas_bpf.learn.judge import AFTER, BEFORE, SETTLE

DUE = SETTLE + AFTER
ALL = os.sched_getaffinity(0)
LAST = max(ALL)


def verdict(
    digests: Sequence[Digest], at: int, workload: str, pid: int, expect: Expect, here: Machine
) -> Outcome | None:
    """What the judge says of an action on ``workload`` after window ``at``, from the windows around it."""
    action = Action(
        id="1.1",
        hint_id=1,
        workload=workload,
        target=Affinity(pid=pid, start_ticks=1),
        value=str(LAST),
        ttl_s=300,
    )
    done = Applied(action=action, status="applied", old="", new=str(LAST), at_ns=digests[at].end_ns)
    hint = HINT.validate_python(
        {"kind": "place_cpu", "workload": workload, "cpus": [LAST], "reason": "r", "confidence": 1}
        | {"expect": expect.model_dump()}
    )
    judge = Judge()
    for number in range(at, at + DUE + 1):
        now = (done,) if number > at else ()
        where = Situation(number, tuple(digests[max(0, number - BEFORE) : number + 1]), here, now)
        outcomes = judge.observe(where, [done] if number == at else [], {1: hint})
    return outcomes[0] if outcomes else None


def planted(digests: Sequence[Digest], pids: Sequence[int], count: int, seed: int) -> list[Outcome]:
    """Verdicts on so many actions that were never taken, at random on these processes and windows."""
    choice, here = random.Random(seed), machine.read()
    found: list[Outcome] = []
    metrics = get_args(Metric)
    assert all(any(of_pid(digest, pid) for digest in digests) for pid in pids), "some were never seen"
    while len(found) < count:
        pid, at = choice.choice(pids), choice.randrange(4, len(digests) - DUE)
        workload = of_pid(digests[at], pid)
        expect = Expect(metric=metrics[len(found) % len(metrics)], direction=choice.choice(("up", "down")))
        outcome = workload and verdict(digests, at, workload, pid, expect, here)
        if outcome:
            found.append(outcome)
    return found


@pytest.mark.slow  # and in whoever's hands the machine is: test_judge.py has noise that is always the same
def test_a_hundred_actions_that_do_nothing_are_neutral() -> None:
    with mix(*CHARACTERS, "bursts", "phases") as pids:
        digests = list(recorded(240))
    outcomes = planted(digests, pids, 100, seed=1)
    told = Counter(outcome.verdict for outcome in outcomes)
    wrong = [f"{one.verdict}: {one.reason}" for one in outcomes if one.verdict != "neutral"]
    assert told["neutral"] >= 95, wrong


@pytest.mark.skipif(len(ALL) < 2, reason="kernel feature: a second CPU")
def test_programs_sent_to_a_crowded_cpu_are_harmed() -> None:
    expect, here = Expect(metric="sched.run_ns", direction="up"), machine.read()
    at = BEFORE + 1
    digests: list[Digest] = []
    with ExitStack() as stack:
        with starting_on({LAST}):
            stack.enter_context(mix(*["spins"] * CROWD))
        with starting_on(ALL - {LAST}):
            victims = stack.enter_context(mix("spins", "spins"))
        for digest in recorded(at + 1 + DUE):
            digests.append(digest)
            if len(digests) == at + 1:
                for pid in victims:
                    os.sched_setaffinity(pid, {LAST})
    workloads = [of_pid(digests[at], pid) for pid in victims]
    assert all(workloads), "not seen"
    told = [
        verdict(digests, at, workload, pid, expect, here)
        for workload, pid in zip(workloads, victims, strict=True)
        if workload
    ]
    assert [one and one.verdict for one in told] == ["harmed"] * len(victims), told
