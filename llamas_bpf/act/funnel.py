"""The one way to the kernel: look, announce in the journal, write, read back. Or, in a dry run, only look."""

import time
from collections.abc import Sequence
from typing import Literal

from llamas_bpf.act.actuator import Note
from llamas_bpf.act.entries import Failed, Intent, Old, Settled, ThreadValue, Undone
from llamas_bpf.act.errors import FAILURES, ActError, JournalError, describe
from llamas_bpf.act.holds import Hold, before_us, needless, unknown
from llamas_bpf.act.journal import Journal
from llamas_bpf.act.keeper import Keeper
from llamas_bpf.contracts.action import Action, Applied, Target
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.errors import ConfigError
from llamas_bpf.shown import plain

Status = Literal["applied", "unchanged", "dry_run", "failed"]

_OTHERS = "someone else has changed this setting: it is left alone until the next start"


class Funnel:
    """``kept`` looks after what was written. ``journal`` may be None only in a dry run, in which nothing is
    ever written or in force."""

    def __init__(self, machine: Machine, journal: Journal | None, dry_run: bool) -> None:
        if journal is None and not dry_run:
            raise ConfigError("nothing is written to the kernel without a journal")
        self._machine = machine
        self._journal = journal
        self._dry_run = dry_run
        self.kept = Keeper(machine, journal, dry_run)
        self._actuators = self.kept.actuators
        self._found: dict[Target, Old] = {}
        self._settled: list[Settled] = []

    def put(self, actions: Sequence[Action]) -> list[Applied]:
        """Each action's fate, in order. One that fails never stops the others."""
        self._found, self._settled = {}, []
        self.kept.begin()
        last = {action.target: action for action in actions}
        steps = [self._look(action, last[action.target]) for action in actions]
        begun: set[Target] = set()
        chains = [[*self._before(step, begun), step] for step in steps]
        refused = self._announce([step for chain in chains for step in chain if isinstance(step, Intent)])
        try:
            done = [self._in_turn(chain, refused) for chain in chains]
        finally:  # what was done was, whatever ended the rest
            trouble = self._journal.note(self._settled) if self._journal and self._settled else ""
        if trouble:
            done = [_adding(one, trouble) if one.status == "applied" else one for one in done]
        self.kept.settle(needless(self.kept.holds), "nothing of ours needs it any more")
        if self._journal and self._journal.is_long:
            self._journal.compact()
        return done

    def _look(self, action: Action, last: Action) -> Intent | Applied:
        """An intent, where something is to be changed; else what there is to say."""
        target = action.target
        tool = self._actuators[target.kind]
        if action is not last and not tool.one_shot:
            sentence = f"{last.id} of the same window sets {describe(target)} too, and goes last"
            return _said(action, "failed", None, None, sentence)
        if target in self.kept.left:
            return _said(action, "failed", None, None, _OTHERS)
        hold = self.kept.holds.get(target)
        try:
            now = self._found[target] = tool.read(target)
            if hold and not tool.is_ours(target, now, hold.ours, hold.intent.old):
                return self._step_back(action, hold, now)
            if not tool.one_shot and tool.is_all(target, now, action.value):
                return _said(action, "unchanged", now.value, now.value)
        except FAILURES as error:
            return _said(action, "failed", None, None, str(error))
        return self._intend(
            action, now.value, hold.intent.old if hold else before_us(self.kept.holds, target, now)
        )

    def _before(self, step: Intent | Applied, begun: set[Target]) -> list[Intent | Applied]:
        """What it needs, unless that was ``begun`` for another of this window."""
        action = step.action
        if isinstance(step, Applied) and step.status != "dry_run":
            return []
        try:
            needs = self._actuators[action.target.kind].needs(action.target)
        except FAILURES as error:
            return [_said(action, "failed", None, None, str(error))]
        fresh = [(target, value) for target, value in needs if target not in begun]
        begun.update(target for target, _ in fresh)
        changes = ({"target": target, "value": value, "workload": None} for target, value in fresh)
        actions = [
            action.model_copy(update=change | {"id": f"{action.id}.{number}"})
            for number, change in enumerate(changes, start=1)
        ]
        return [self._look(one, one) for one in actions]

    def _in_turn(self, chain: Sequence[Intent | Applied], refused: str) -> Applied:
        """What became of the last; one that fails ends them all."""
        details = []
        for number, step in enumerate(chain, start=1):
            done = self._carry_out(step, refused) if isinstance(step, Intent) else step
            if done.status == "failed":
                announced = [one for one in chain[number:] if isinstance(one, Intent) and not refused]
                if self._journal and announced:
                    self._journal.note([Failed(target=one.target, sentence=done.detail) for one in announced])
                return done.model_copy(update={"action": chain[-1].action})
            before = step is not chain[-1] and done.status == "applied"
            details.append(f"{describe(step.action.target)} enabled for it" if before else done.detail)
        detail = "; ".join(filter(None, details))
        return done if detail == done.detail else done.model_copy(update={"detail": detail})

    def _intend(self, action: Action, found: str, old: Old) -> Intent | Applied:
        if self._dry_run:
            name = describe(action.target)
            sentence = f"would write {plain(action.value)} to {name} ({plain(found) or 'empty'})"
            return _said(action, "dry_run", found, None, sentence)
        return Intent(
            boot_id=self._machine.boot_id,
            at_ns=time.monotonic_ns(),
            at_s=time.time(),
            action=action,
            found=found,
            old=old,
        )

    def _announce(self, intents: Sequence[Intent]) -> str:
        """One fsync for all of them; a sentence if they could not be announced."""
        if self._journal and intents:
            try:
                self._journal.announce(intents)
            except JournalError as error:
                return f"{error}; nothing was changed"
        return ""

    def _carry_out(self, intent: Intent, refused: str) -> Applied:
        action, target = intent.action, intent.target
        tool = self._actuators[target.kind]
        if refused or self._journal is None:
            return _failed(intent, refused)
        try:
            written = tool.put(target, action.value, self._found[target], self._noting(target, action.value))
            self._check(action, written.now)
        except FAILURES as error:
            return self._take_back(intent, str(error))
        new = written.now.value
        self._settled.append(Settled(target=target, new=new, beside=written.now.beside))
        detail = "; ".join(filter(None, (written.said, tool.remark())))
        return _said(action, "unchanged" if tool.did_nothing() else "applied", intent.found, new, detail)

    def _noting(self, target: Target, value: str) -> Note:
        """Puts threads that are met only now into the journal, before they are given the value."""

        def note(threads: tuple[ThreadValue, ...]) -> str:
            fresh = unknown(self.kept.holds, target, threads)
            if not fresh or self._journal is None:
                return ""
            return self._journal.note([Settled(target=target, new=value, taken=False, threads=fresh)])

        return note

    def _check(self, action: Action, now: Old) -> None:
        """What was read back is what was written, or it is an ActError."""
        target, tool = action.target, self._actuators[action.target.kind]
        if tool.one_shot or tool.is_all(target, now, action.value):
            return
        if self._journal:
            # So that it is known as our doing.
            self._journal.note([Settled(target=target, new=now.value, beside=now.beside, taken=False)])
        there = plain(now.value, 100) or "nothing"
        raise ActError(f"{describe(target)}: {plain(action.value, 100)} was written, and {there} is there")

    def _take_back(self, intent: Intent, sentence: str) -> Applied:
        """After a failed write, which may have done half: what was there before it."""
        hold = self.kept.holds.get(intent.target)
        assert self._journal is not None
        if hold and hold.before:
            others = self.kept.look_after(hold)
            if others:
                self.kept.let_go([Undone(target=intent.target, reason=others)])
                return _failed(intent, f"{sentence}; {others}")
            earlier = hold.before.intent.action.value
            try:
                note = self._noting(intent.target, earlier)
                self._actuators[intent.target.kind].put(intent.target, earlier, Old(value=""), note)
            except FAILURES as error:
                # It stays in force, so that undoing it will bring back what was there at first.
                return _failed(intent, f"{sentence}; nor could the setting before it be put back: {error}")
        elif hold and self.kept.give_back(hold, sentence).failed:
            return _failed(intent, f"{sentence}; what was there could not be put back yet")
        self._journal.note([Failed(target=intent.target, sentence=sentence)])
        return _failed(intent, sentence)

    def _step_back(self, action: Action, hold: Hold, now: Old) -> Applied:
        self.kept.left.add(action.target)
        if self._journal:
            self.kept.let_go([Undone(target=hold.intent.target, reason=_OTHERS)])
        return _said(action, "failed", now.value, None, _OTHERS)


def _said(action: Action, status: Status, old: str | None, new: str | None, detail: str = "") -> Applied:
    return Applied(action=action, status=status, old=old, new=new, at_ns=time.monotonic_ns(), detail=detail)


def _adding(done: Applied, sentence: str) -> Applied:
    return done.model_copy(update={"detail": "; ".join(filter(None, (done.detail, sentence)))})


def _failed(intent: Intent, sentence: str) -> Applied:
    return _said(intent.action, "failed", intent.found, None, sentence)
