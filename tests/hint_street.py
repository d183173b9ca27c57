"""Hints through plan, guard, act and verdict in an invented world, each step held against the oracles."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import hint_fuzz
import hint_oracle as oracle
from hint_history import SECOND, History
from hint_world import World

from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Action, Applied, Refusal
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.loop import BASELINE
from llamas_bpf.controller.past import Past
from llamas_bpf.guard import Guard, Limits
from llamas_bpf.learn import Judge, gist
from llamas_bpf.plan import plan

#: The ids that a prompt gave out; not those of all workloads, and some that are gone.
KNOWN = frozenset(
    {
        *(f"w{number}" for number in range(1, 15) if number != 2),
        *(f"node{number}" for number in range(4)),
        *("gpu0", "nvme0", "eth0"),
    }
)
#: Every kind of hint, and every knob that a hint can come to: of the others no plan makes an action.
REACHABLE = frozenset(hint_fuzz.KINDS) | KNOBS.keys() - {"pages.cold", "cpu", "cpuset", "memory"}
#: An invented beginning of time, in ns.
BEGUN_NS = 10**6 * SECOND


@dataclass(frozen=True)
class Window:
    """``gap_s`` seconds after the one before. All workloads are in a ``mood`` (see ``hint_world.MOODS``)."""

    hints: tuple[Hint, ...]
    gap_s: int
    mood: str


@dataclass(frozen=True)
class Life:
    """What is said in each window of a controller's life, and how long after the last one it ends."""

    windows: tuple[Window, ...]
    rest_s: int
    #: With those that did not get in.
    sent: int

    @classmethod
    def of(cls, random: Random, windows: int, most: int) -> "Life":
        """So many windows in which something may be said, with at most so many hints in each."""
        sent, known = 0, list[Hint]()
        changed, turn = random.choice(("calm", "busy", "crowded")), random.randrange(1, 12)
        life = [Window((), 1, "calm") for _ in range(BASELINE - 1)]
        for number in range(windows):
            said = [_said(random, known) for _ in range(random.randint(1, most))]
            sent += len(said)
            gap_s = 1 if random.random() < 0.8 else random.choice((10, 100, 1000))
            mood = changed if number // turn % 2 else "calm"
            life.append(Window(tuple(hint for hint in said if hint), gap_s, mood))
        return cls(tuple(life), random.choice((0, 2, 400, 10**6)), sent)


def _said(random: Random, known: list[Hint]) -> Hint | None:
    """Something new, or what was said before: it may have come to nothing, or to harm."""
    if known and random.random() < 0.4:
        return random.choice(known[:8])
    hint = hint_fuzz.hint(random)
    known += [hint] if hint else []
    return hint


def lived(life: Life, world: World) -> Counter[str]:
    """What became of all hints. Afterwards the world is as it was before, and serves for the next."""
    with tempfile.TemporaryDirectory() as state, world.acting(Path(state)) as actuation:
        street = Street(world, actuation)
        try:
            for window in life.windows:
                street.window(window)
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
        self._past = Past()
        self._judge = Judge()
        self._history = History(world)
        self._before = _knobs(world.before)
        self._masks = world.masks()
        self._hints: dict[int, Hint] = {}
        self._refusals: list[Refusal] = []
        self._number = 0
        self._now_ns = BEGUN_NS
        self.counts: Counter[str] = Counter()

    def window(self, window: Window) -> None:
        self._number += 1
        self._now_ns += window.gap_s * SECOND
        with self._invented_time():
            situation = self._situation(window.mood)
            accepted = self._allowed(window.hints, situation)
            applied = self._actuation.apply(accepted) if accepted else []
            assert all(one.detail.isprintable() for one in applied), applied
            outcomes = self._verdicts(situation, applied)
        if accepted:
            oracle.changes(self._world, self._before, _knobs(self._world.tree()))
        self.counts.update(one.status for one in applied)
        self.counts.update(one.verdict for one in outcomes)

    def end(self, state: Path, rest_s: int) -> None:
        """By their time, or by the end of the run: everything is as it was, and nothing is left behind."""
        self._actuation.expire(self._now_ns + rest_s * SECOND)
        restored = self._actuation.restore_all("the run ended")
        assert not any(one.failed for one in restored), restored
        different = {name for name, _ in _knobs(self._world.tree()).items() ^ self._before.items()}
        assert not different, different
        assert self._world.masks() == self._masks
        assert not self._actuation.in_force()
        assert [path.name for path in state.iterdir()] == ["journal.jsonl"]
        left = Journal(state)
        assert left.holds == {}
        left.close()

    def _situation(self, mood: str) -> Situation:
        digest = self._world.digest(self._number, self._now_ns, mood)
        self._past.windows.append(digest)
        self._actuation.expire(self._now_ns)
        scope = self._guard.scope(digest)
        return self._past.situation(
            self._number, self._world.machine, self._actuation.in_force(), scope, self._judge.on_trial
        )

    def _allowed(self, hints: Sequence[Hint], situation: Situation) -> list[Action]:
        """Leaves the refusals, too."""
        ids = [len(self._hints) + number for number in range(1, len(hints) + 1)]
        said = dict(zip(ids, hints, strict=True))
        self._hints |= said
        advice = Advice(advisor="fuzz", hints=list(hints), known_ids=KNOWN)
        actions, unplanned = plan(advice, ids, situation)
        confidence = {number: hint.confidence for number, hint in said.items()}
        gists = {number: gist(hint) for number, hint in said.items()}
        accepted, refused = self._guard.check(actions, situation, confidence, gists)
        self._refusals = [*unplanned, *refused]
        assert all(refusal.sentence.isprintable() for refusal in self._refusals), self._refusals
        held = {(one.action.target, one.action.value): one.at_ns for one in situation.in_force}
        oracle.judge(self._world, situation.digest, accepted, confidence, held, self._world.now)
        oracle.whole(accepted, refused)
        self._history.judge(situation, accepted, gists)
        self.counts.update({"hints": len(hints), "actions": len(actions), "accepted": len(accepted)})
        self.counts.update(refusal.check for refusal in self._refusals)
        whole = said.keys() - {refusal.hint_id for refusal in self._refusals}
        self.counts.update(said[number].kind for number in whole)
        self.counts.update(action.target.knob for action in accepted)
        return accepted

    def _verdicts(self, situation: Situation, applied: Sequence[Applied]) -> list[Outcome]:
        """As the controller does it: what harmed is undone, and all of it is remembered."""
        outcomes = self._judge.observe(situation, applied, self._hints)
        for outcome in outcomes:
            if outcome.verdict == "harmed":
                self._actuation.undo(outcome.action_id, "it harmed")
        events = Events(refusals=tuple(self._refusals), applied=tuple(applied), outcomes=tuple(outcomes))
        self._past.add(situation, events)
        self._history.add(self._now_ns, applied, outcomes, self._judge.dropped)
        return outcomes

    @contextmanager
    def _invented_time(self) -> Iterator[Any]:
        with (
            mock.patch("time.monotonic_ns", lambda: self._now_ns),
            mock.patch("time.time", lambda: self._now_ns / SECOND),
        ):
            yield


def _knobs(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Without what is written to start something, once."""
    once = ("/memory.reclaim", "others/pages/")
    return {name: text for name, text in tree.items() if not any(word in name for word in once)}
