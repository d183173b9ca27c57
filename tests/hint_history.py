"""What one life of a controller has seen and done, kept without the guard's code or its memory, and what of
limits.toml follows from it: cooldown, rate, trial, harm, fruitlessness, pinning, and time in force."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hint_oracle import members
from hint_world import World

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import Action, Applied, Target
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation

SECOND = 10**9
#: A program that has just begun says nothing yet about how it will go on.
FEWEST_WINDOWS = 3
CPUS = ("affinity", "cpuset.cpus")

Thing = tuple[str | None, str, int | None]


def thing(action: Action) -> Thing:
    """What is left alone after a change: a knob of a workload, or of a node."""
    return action.workload, action.target.knob, getattr(action.target, "node", None)


@dataclass
class History:
    """``written``, ``harmed``: when, of which thing. ``trials``: decisions without a verdict, with whose they
    are. ``since``: from when on a value has been in force. ``came_to``: when, gist, situation and verdict."""

    world: World
    seen: Counter[str] = field(default_factory=Counter)
    written: list[tuple[int, Thing]] = field(default_factory=list)
    harmed: list[tuple[int, Thing]] = field(default_factory=list)
    trials: dict[int, str | None] = field(default_factory=dict)
    since: dict[tuple[Target, str], int] = field(default_factory=dict)
    came_to: dict[int, tuple[int, str, tuple[int, ...], str]] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)

    def judge(self, situation: Situation, accepted: Sequence[Action], gists: Mapping[int, str]) -> None:
        """All that the guard let through in this window."""
        self.seen.update(workload.id for workload in situation.digest.workloads)
        held = {(entry.action.target, entry.action.value) for entry in situation.in_force}
        self.since = {what: at_ns for what, at_ns in self.since.items() if what in held}
        now_ns = situation.digest.end_ns
        for action in accepted:
            self._not_for_ever(action, now_ns)
        fresh = [action for action in accepted if (action.target, action.value) not in held]
        self._not_too_often(fresh, now_ns)
        for action in fresh:
            assert action.workload is None or self.seen[action.workload] >= FEWEST_WINDOWS, action
            assert action.workload not in self.trials.values(), (action, self.trials)
            self._left_alone(action, now_ns)
            self._worth_it(action, gists[action.hint_id], situation)
        self._not_crowded(situation, fresh)

    def add(
        self,
        now_ns: int,
        applied: Iterable[Applied],
        outcomes: Sequence[Outcome],
        dropped: Iterable[str],
    ) -> None:
        """What came of the window."""
        for sentence in dropped:
            (decision,) = re.findall(r" decision (\d+) was judged$", sentence)
            self.trials.pop(int(decision), None)
        for outcome in outcomes:
            action = self.actions[outcome.action_id]
            self.trials.pop(action.hint_id, None)
            # Where nothing was promised, coming to nothing teaches nothing.
            verdict = outcome.verdict if outcome.verdict != "neutral" or outcome.expected else "not measured"
            self.came_to[action.hint_id] = (now_ns, outcome.gist, outcome.situation, verdict)
            if outcome.verdict == "harmed":
                self.harmed.append((now_ns, thing(action)))
        for entry in applied:
            action = entry.action
            if entry.status == "applied":
                self.actions[action.id] = action
                self.written.append((now_ns, thing(action)))
                self.trials[action.hint_id] = action.workload
                self.since[action.target, action.value] = now_ns

    def _not_for_ever(self, action: Action, now_ns: int) -> None:
        """However often it is said again."""
        begun_ns = self.since.get((action.target, action.value), now_ns)
        in_all_s = (now_ns - begun_ns) / SECOND + action.ttl_s
        assert in_all_s <= self.world.limits["max_ttl_s"], (action, in_all_s)

    def _not_too_often(self, fresh: Sequence[Action], now_ns: int) -> None:
        """No decision is begun when there were enough in a minute; one that has begun is finished."""
        lately = sum(at_ns > now_ns - 60 * SECOND for at_ns, _ in self.written)
        begun: set[int] = set()
        for number, action in enumerate(fresh):
            if action.hint_id not in begun:
                assert lately + number < self.world.limits["rates"]["actions_per_minute"], action
            begun.add(action.hint_id)

    def _left_alone(self, action: Action, now_ns: int) -> None:
        rates = self.world.limits["rates"]
        for past, wait_s in ((self.written, rates["cooldown_s"]), (self.harmed, rates["harmed_cooldown_s"])):
            last_ns = max((at_ns for at_ns, what in past if what == thing(action)), default=None)
            assert last_ns is None or now_ns - last_ns >= wait_s * SECOND, (action, wait_s)

    def _worth_it(self, action: Action, gist: str, situation: Situation) -> None:
        """In the very same situation; what the guard holds for alike is at least that."""
        rates, now_ns = self.world.limits["rates"], situation.digest.end_ns
        here = fingerprint.of(situation, action.workload)
        before = [came for came in self.came_to.values() if came[1] == gist]
        same = [(now_ns - at_ns, verdict) for at_ns, _, there, verdict in before if there == here]
        for ago_ns, verdict in same:
            assert verdict != "harmed" or ago_ns >= rates["harmed_cooldown_s"] * SECOND, action
        if not any(verdict == "helped" for *_, verdict in before):
            memory_ns = rates["fruitless_s"] * SECOND
            assert sum(verdict == "neutral" and ago_ns < memory_ns for ago_ns, verdict in same) < 2, action

    def _not_crowded(self, situation: Situation, fresh: Sequence[Action]) -> None:
        """No CPU becomes the only one of more workloads than may share it."""
        before = {entry.action.target: entry.action for entry in situation.in_force}
        after = before | {action.target: action for action in fresh}
        was, now = (_pinned(situation.digest, settings.values()) for settings in (before, after))
        most = self.world.limits["capacity"]["pinned_per_cpu"]
        assert all(now[cpu] <= max(most, was[cpu]) for cpu in now), (now, fresh)


def _pinned(digest: Digest, settings: Iterable[Action]) -> Counter[int]:
    """Of how many workloads each CPU is the only one."""
    cpus: dict[str | None, set[int]] = {}
    for action in settings:
        if action.target.knob in CPUS:
            cpus.setdefault(action.workload, set()).update(members(action.value))
    here = {workload.id for workload in digest.workloads}
    return Counter(next(iter(own)) for id_, own in cpus.items() if id_ in here and len(own) == 1)
