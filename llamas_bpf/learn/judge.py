"""Follows every decision that was carried out, for a few windows, and gives its verdict.

The actions of one decision are judged together: they were made in the same window for the same purpose,
so no measurement can tell their effects apart. Each gets an ``Outcome`` of its own, all with the same
verdict, because undoing goes by action.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import ONE_SHOTS, Action, Applied
from llamas_bpf.contracts.hint import Expect, Hint
from llamas_bpf.contracts.outcome import Change, Outcome
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.fingerprint import Buckets
from llamas_bpf.learn import oom
from llamas_bpf.learn.lessons import gist
from llamas_bpf.learn.noise import FEWEST
from llamas_bpf.learn.readings import Readings, read
from llamas_bpf.learn.verdict import judge
from llamas_bpf.shown import plain

#: Windows before, at most: enough for the noise, few enough to be the same phase of the program.
BEFORE = 10
#: Windows not looked at after an action: the one it fell into, and one for the kernel to move pages.
SETTLE = 2
#: What works by sampling or by the kernel's own threads needs this long, in seconds, to show what it does.
SETTLE_S = {"scheme": 10.0, "system": 5.0, "interleave": 5.0}
#: Windows after that are compared.
AFTER = 5


@dataclass
class _Trial:
    """One decision under observation. ``after`` has None where the workload was not seen."""

    decision: int
    workload: str | None
    name: str
    hint: Hint | None
    situation: Buckets
    settle: int
    actions: list[Action]
    before: list[Readings] = field(default_factory=list)
    killed_before: list[float] = field(default_factory=list)
    after: list[Readings | None] = field(default_factory=list)
    killed_after: list[float] = field(default_factory=list)

    @property
    def expect(self) -> Expect | None:
        return self.hint.expect if self.hint else None

    @property
    def metric(self) -> str | None:
        return self.expect.metric if self.expect else None

    @property
    def is_due(self) -> bool:
        return len(self.after) >= self.settle + AFTER or self.killed is not None

    @property
    def killed(self) -> Change | None:
        return oom.more(self.killed_before, self.killed_after)


class Judge:
    """Call ``observe`` once a window. ``dropped`` then says what will get no verdict, and why."""

    def __init__(self) -> None:
        self._trials: list[_Trial] = []
        self.dropped: list[str] = []

    @property
    def on_trial(self) -> frozenset[str | None]:
        """The workloads (None: the machine) with a decision whose verdict is still to come."""
        return frozenset(trial.workload for trial in self._trials)

    def observe(
        self, situation: Situation, applied: Sequence[Applied], hints: Mapping[int, Hint]
    ) -> list[Outcome]:
        """Verdicts that fall due with this window's digest; then follows what was ``applied`` after it.

        ``hints`` maps the decisions of ``applied`` to their hints.
        """
        self.dropped = []
        outcomes: list[Outcome] = []
        going_on = []
        for trial in self._trials:
            if self._in_force(trial, situation):
                going_on.append(trial)
            else:
                outcomes += self._end_early(trial, situation)
        self._trials = []
        for trial in going_on:
            trial.after.append(read(situation.digest, situation.machine, trial.workload, trial.metric))
            trial.killed_after.append(oom.kills(situation.digest, trial.workload))
            if trial.is_due:
                outcomes += self._judge(trial)
            else:
                self._trials.append(trial)
        written = [entry.action for entry in applied if entry.status == "applied"]
        self._trials += [_trial(situation, group, hints) for group in _by_decision(written)]
        return outcomes

    def _in_force(self, trial: _Trial, situation: Situation) -> bool:
        """Keep to the actions that still hold: what was undone, overwritten, or done to a process that has
        ended says nothing about the windows after. False where none is left: all stay with the trial."""
        held = {(entry.action.target, entry.action.value) for entry in situation.in_force}
        # A one-shot has happened, and stays so.
        left = [a for a in trial.actions if a.target.kind in ONE_SHOTS or (a.target, a.value) in held]
        trial.actions = left or trial.actions
        return bool(left)

    def _end_early(self, trial: _Trial, situation: Situation) -> Iterable[Outcome]:
        """By the windows that there were, where they are enough: being short is no way around a verdict."""
        seen = sum(readings is not None for readings in trial.after[trial.settle :])
        if seen >= FEWEST:
            yield from self._judge(trial)
        else:
            why = _why_gone(trial, situation)
            self.dropped.append(f"{why} before decision {trial.decision} was judged")

    def _judge(self, trial: _Trial) -> Iterable[Outcome]:
        after = [readings for readings in trial.after[trial.settle :] if readings is not None]
        if len(after) < FEWEST and not trial.killed:
            self.dropped.append(f"{trial.name} was gone before decision {trial.decision} was judged")
            return
        found = judge(trial.expect, trial.before, after, trial.killed)
        for action in trial.actions:
            yield Outcome(
                action_id=action.id,
                workload=trial.workload,
                verdict=found.verdict,
                expected=found.expected,
                safety=found.safety,
                reason=found.reason,
                situation=trial.situation,
                gist=gist(trial.hint) if trial.hint else "",
                hint=trial.hint,
            )


def _trial(situation: Situation, actions: list[Action], hints: Mapping[int, Hint]) -> _Trial:
    decision, workload = actions[0].hint_id, actions[0].workload
    hint = hints.get(decision)
    trial = _Trial(
        decision=decision,
        workload=workload,
        name=_name(situation, workload),
        hint=hint,
        situation=fingerprint.of(situation, workload) or (),
        settle=_settle(situation, actions),
        actions=actions,
    )
    for digest in situation.recent[-BEFORE:]:
        if readings := read(digest, situation.machine, workload, trial.metric):
            trial.before.append(readings)
        trial.killed_before.append(oom.kills(digest, workload))
    return trial


def _settle(situation: Situation, actions: Iterable[Action]) -> int:
    """In windows, as the slowest of the mechanisms needs it."""
    window_s = (situation.digest.end_ns - situation.digest.start_ns) / 1e9
    slowest = max(SETTLE_S.get(action.target.kind, 0.0) for action in actions)
    return max(SETTLE, math.ceil(slowest / window_s))


def _why_gone(trial: _Trial, situation: Situation) -> str:
    if trial.workload and all(known.id != trial.workload for known in situation.digest.workloads):
        return f"{trial.name} ended"
    targets = {action.target for action in trial.actions}
    for entry in situation.in_force:
        if entry.action.target in targets:
            return f"{trial.name} was set otherwise by decision {entry.action.hint_id}"
    return f"{trial.name} was put back, or its processes ended,"


def _name(situation: Situation, workload: str | None) -> str:
    names = (known.name for known in situation.digest.workloads if known.id == workload)
    return f"{workload} ({plain(next(names, 'not seen'), 40)})"


def _by_decision(actions: Iterable[Action]) -> list[list[Action]]:
    ordered = sorted(actions, key=lambda action: action.hint_id)
    return [list(group) for _, group in groupby(ordered, key=lambda action: action.hint_id)]
