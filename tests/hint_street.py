"""Hints through plan, guard and act in an invented world, each step held against the oracle."""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import hint_fuzz
import hint_oracle as oracle
from hint_world import World

from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Action, Applied, Refusal
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.guard import Guard, Limits
from llamas_bpf.plan import plan

#: The ids that a prompt gave out; not those of all workloads, and some that are gone.
KNOWN = frozenset(
    {*(f"w{number}" for number in range(1, 15) if number != 2), "node0", "node1", "node2", "node3"}
)


@dataclass(frozen=True)
class Life:
    """What is said in each window of a controller's life, and how long after the last one it ends."""

    windows: tuple[tuple[Hint, ...], ...]
    rest_s: int
    #: With those that did not get in.
    sent: int

    @classmethod
    def of(cls, random: Random, windows: int, most: int) -> "Life":
        """So many windows, with at most so many hints in each."""
        asked = [[hint_fuzz.hint(random) for _ in range(random.randint(1, most))] for _ in range(windows)]
        said = tuple(tuple(hint for hint in hints if hint) for hints in asked)
        return cls(said, random.choice((0, 2, 400, 10**6)), sum(map(len, asked)))


def lived(life: Life, world: World) -> Counter[str]:
    """What became of all hints. Afterwards the world is as it was before, and serves for the next."""
    with tempfile.TemporaryDirectory() as state, world.acting(Path(state)) as actuation:
        street = Street(world, actuation)
        try:
            for hints in life.windows:
                street.window(hints)
            street.end(Path(state), life.rest_s)
        except BaseException:
            world.mend()
            raise
    return street.counts


class Street:
    """One controller's life in one world. ``counts`` says what became of all."""

    def __init__(self, world: World, actuation: Actuation) -> None:
        self._world = world
        self._guard = Guard(Limits.model_validate(world.limits), actuation.present)
        self._actuation = actuation
        self._before = _knobs(world.before)
        self._masks = world.masks()
        self._decisions = 0
        self._number = 0
        self.counts: Counter[str] = Counter()

    def window(self, hints: Sequence[Hint]) -> list[Applied]:
        self._number += 1
        digest = self._world.digest(self._number)
        situation = Situation(self._number, (digest,), self._world.machine, self._actuation.in_force())
        accepted, refused, confidence = self._allowed(hints, situation)
        assert all(refusal.sentence.isprintable() for refusal in refused), refused
        held = {(one.action.target, one.action.value) for one in situation.in_force}
        oracle.judge(self._world, digest, accepted, confidence, held)
        if not accepted:
            return []
        done = self._actuation.apply(accepted)
        assert all(one.detail.isprintable() for one in done), done
        oracle.changes(self._world, self._before, _knobs(self._world.tree()))
        self.counts.update(one.status for one in done)
        return done

    def end(self, state: Path, rest_s: int) -> None:
        """By their time, or by the end of the run: everything is as it was, and nothing is left behind."""
        self._actuation.expire(time.monotonic_ns() + rest_s * 10**9)
        restored = self._actuation.restore_all("the run ended")
        assert not any(one.failed for one in restored), restored
        assert _knobs(self._world.tree()) == self._before
        assert self._world.masks() == self._masks
        assert not self._actuation.in_force()
        assert [path.name for path in state.iterdir()] == ["journal.jsonl"]
        left = Journal(state)
        assert left.holds == {}
        left.close()

    def _allowed(
        self, hints: Sequence[Hint], situation: Situation
    ) -> tuple[list[Action], list[Refusal], dict[int, float]]:
        ids = [self._decisions + number for number in range(len(hints))]
        self._decisions += len(hints)
        advice = Advice(advisor="fuzz", hints=list(hints), known_ids=KNOWN)
        actions, unplanned = plan(advice, ids, situation)
        confidence = {number: hint.confidence for number, hint in zip(ids, hints, strict=True)}
        accepted, refused = self._guard.check(actions, situation, confidence)
        self.counts.update({"hints": len(hints), "actions": len(actions), "accepted": len(accepted)})
        self.counts.update(refusal.check for refusal in (*unplanned, *refused))
        return accepted, [*unplanned, *refused], confidence


def _knobs(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Without what is written to start something, once."""
    once = ("/memory.reclaim", "others/pages/")
    return {name: text for name, text in tree.items() if not any(word in name for word in once)}
