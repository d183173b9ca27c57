"""Invented windows one after the other, with planted truth, through a Judge."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import reports

from llamas_bpf.contracts.action import Applied
from llamas_bpf.contracts.digest import NODE_BYTES, Digest
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.learn import Judge
from llamas_bpf.learn.judge import AFTER, SETTLE

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


def quiet(count: int, **changed: float) -> list[Digest]:
    """Windows without any noise."""

    def silent(random: np.random.Generator) -> Iterator[float]:
        while True:
            yield 0.0

    machine = Machine(0, silent)
    return [machine.window(**changed) for _ in range(count)]  # type: ignore[arg-type]
