"""The one way to the kernel: look, announce in the journal, write, read back. Or, in a dry run, only look."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from llamas_bpf.act import actuator
from llamas_bpf.act.entries import Failed, Intent, Old, Settled, ThreadValue, Undone
from llamas_bpf.act.errors import ActError, Gone, JournalError, describe
from llamas_bpf.act.holds import Hold, Holds, needless
from llamas_bpf.act.journal import Journal
from llamas_bpf.contracts.action import Action, Applied, Target
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.report import Restored
from llamas_bpf.errors import ConfigError
from llamas_bpf.shown import plain

Status = Literal["applied", "unchanged", "dry_run", "failed"]

_OTHERS = "someone else has changed this setting: it is left alone until the next start"


class Funnel:
    """``journal`` may be None only in a dry run, in which nothing is ever written or in force."""

    def __init__(self, machine: Machine, journal: Journal | None, dry_run: bool) -> None:
        if journal is None and not dry_run:
            raise ConfigError("nothing is written to the kernel without a journal")
        self._machine = machine
        self._journal = journal
        self._dry_run = dry_run
        self._actuators = actuator.build(machine)
        for one in self._actuators.values():
            one.held = self._held
        self._left: set[Target] = set()
        self._undone: set[Target] = set()
        self._found: dict[Target, Old] = {}

    @property
    def holds(self) -> Holds:
        """What is in force, oldest first."""
        return self._journal.holds if self._journal and not self._dry_run else {}

    def present(self, target: Target) -> str | None:
        """What is there now; None where nobody can tell."""
        tool = self._actuators.get(target.kind)
        try:
            return tool.read(target).value if tool else None
        except ActError:
            return None

    def put(self, actions: Sequence[Action]) -> list[Applied]:
        """Each action's fate, in order. One that fails never stops the others."""
        self._found = {}
        self._begin()
        last = {action.target: action for action in actions}
        steps = [self._look(action, last[action.target]) for action in actions]
        begun: set[Target] = set()
        chains = [[*self._before(step, begun), step] for step in steps]
        refused = self._announce([step for chain in chains for step in chain if isinstance(step, Intent)])
        done = [self._in_turn(chain, refused) for chain in chains]
        self._settle(needless(self.holds), "nothing of ours needs it any more")
        if self._journal and self._journal.is_long:
            self._journal.compact()
        return done

    def put_back(self, holds: Iterable[Hold], reason: str) -> list[Restored]:
        """Give every target what it had before us. What cannot be given back now stays in force.

        What was enabled for them follows when nothing of ours needs it any more.
        """
        self._begin()
        restored = self._settle([one for one in holds if one.intent.target.kind != "controller"], reason)
        return [*restored, *self._settle(needless(self.holds), reason)]

    def _begin(self) -> None:
        for one in self._actuators.values():
            one.begin()

    def _held(self) -> Holds:
        """What is in force, but for what was put back and is only not said to be yet."""
        return {target: hold for target, hold in self.holds.items() if target not in self._undone}

    def _settle(self, holds: Iterable[Hold], reason: str) -> list[Restored]:
        restored, settled = [], []
        for hold in holds:
            one = self._give_back(hold, reason)
            restored.append(one)
            if not one.failed:
                settled.append(Undone(target=hold.intent.target, reason=one.skipped or reason))
                self._undone.add(hold.intent.target)
        if self._journal and settled:
            self._journal.note(settled, durable=True)
            self._journal.compact()
        self._undone.clear()
        return restored

    def reconcile(self, reason: str) -> list[Restored]:
        """Let go of what someone else has changed, and of what has ended. One that cannot be read is kept."""
        ended, settled = [], []
        for hold in list(self.holds.values()):
            sentence = self._look_after(hold)
            if sentence:
                target = hold.intent.target
                name = describe(target)
                ended.append(Restored(hold.intent.action.id, name, None, reason, skipped=sentence))
                settled.append(Undone(target=target, reason=sentence))
        if self._journal and settled:
            self._journal.note(settled)
        return ended

    def _look_after(self, hold: Hold) -> str | None:
        target, journal = hold.intent.target, self._journal
        if journal is None or hold.intent.boot_id != self._machine.boot_id:
            return None

        def note(threads: tuple[ThreadValue, ...]) -> str:
            return journal.note([Settled(target=target, new=hold.ours[-1], threads=threads)])

        try:
            sentence = self._actuators[target.kind].reconcile(target, hold.intent.old, hold.ours, note)
        except Gone as error:
            return str(error)
        except ActError:
            return None
        if sentence:
            self._left.add(target)
        return sentence

    def _look(self, action: Action, last: Action) -> Intent | Applied:
        """An intent, where something is to be changed; else what there is to say."""
        target = action.target
        tool = self._actuators[target.kind]
        if action is not last and not tool.one_shot:
            sentence = f"{last.id} of the same window sets {describe(target)} too, and goes last"
            return _said(action, "failed", None, None, sentence)
        if target in self._left:
            return _said(action, "failed", None, None, _OTHERS)
        hold = self.holds.get(target)
        try:
            now = self._found[target] = tool.read(target)
            if hold and not tool.is_ours(target, now, hold.ours):
                return self._step_back(action, hold, now)
            if not tool.one_shot and tool.is_all(target, now, action.value):
                return _said(action, "unchanged", now.value, now.value)
        except ActError as error:
            return _said(action, "failed", None, None, str(error))
        return self._intend(action, now.value, hold.intent.old if hold else now)

    def _before(self, step: Intent | Applied, begun: set[Target]) -> list[Intent | Applied]:
        """What it needs, unless that was ``begun`` for another of this window."""
        action = step.action
        if isinstance(step, Applied) and step.status != "dry_run":
            return []
        try:
            needs = self._actuators[action.target.kind].needs(action.target)
        except ActError as error:
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
        return done.model_copy(update={"detail": "; ".join(filter(None, details))})

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
            written = tool.put(target, action.value, self._found[target])
            self._check(action, written.now)
        except ActError as error:
            return self._take_back(intent, str(error))
        hold = self.holds.get(target)
        ours = hold.ours if hold else ()
        known = {thread.key for thread in intent.old.threads}
        born = tuple(t for t in written.met if t.key not in known and t.value not in ours)
        new = written.now.value
        trouble = self._journal.note(
            [Settled(target=target, new=new, beside=written.now.beside, threads=born)]
        )
        detail = "; ".join(filter(None, (written.said, tool.remark(), trouble)))
        return _said(action, "applied", intent.found, new, detail)

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
        hold = self.holds.get(intent.target)
        assert self._journal is not None
        if hold and hold.before:
            try:
                self._actuators[intent.target.kind].write(intent.target, hold.before.intent.action.value)
            except ActError as error:
                # It stays in force, so that undoing it will bring back what was there at first.
                return _failed(intent, f"{sentence}; nor could the setting before it be put back: {error}")
        elif hold and self._give_back(hold, sentence).failed:
            return _failed(intent, f"{sentence}; what was there could not be put back yet")
        self._journal.note([Failed(target=intent.target, sentence=sentence)])
        return _failed(intent, sentence)

    def _give_back(self, hold: Hold, reason: str) -> Restored:
        target = hold.intent.target
        found = Restored(hold.intent.action.id, describe(target), None, reason)
        if hold.intent.boot_id != self._machine.boot_id:
            return replace(found, skipped="the machine was started anew since, and with it this setting")
        try:
            done = self._actuators[target.kind].put_back(target, hold.intent.old, hold.ours)
        except Gone as error:
            return replace(found, skipped=str(error))
        except ActError as error:
            return replace(found, skipped=f"failed, will be tried again: {error}", failed=True)
        if done.left:
            self._left.add(target)
        return replace(found, value=done.value, skipped=done.left)

    def _step_back(self, action: Action, hold: Hold, now: Old) -> Applied:
        self._left.add(action.target)
        if self._journal:
            self._journal.note([Undone(target=hold.intent.target, reason=_OTHERS)])
        return _said(action, "failed", now.value, None, _OTHERS)


def _said(action: Action, status: Status, old: str | None, new: str | None, detail: str = "") -> Applied:
    return Applied(action=action, status=status, old=old, new=new, at_ns=time.monotonic_ns(), detail=detail)


def _failed(intent: Intent, sentence: str) -> Applied:
    return _said(intent.action, "failed", intent.found, None, sentence)
