"""Looks after what is in force: lets go of what is not ours any more, and gives back the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from llamas_bpf.act import actuator
from llamas_bpf.act.entries import Settled, ThreadValue, Undone
from llamas_bpf.act.errors import FAILURES, Gone, describe
from llamas_bpf.act.holds import Hold, Holds, needless
from llamas_bpf.act.journal import Journal
from llamas_bpf.contracts.action import Target
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.contracts.machine import Machine


class Keeper:
    """``left`` are targets that somebody else has changed: they are left alone until the next start."""

    def __init__(self, machine: Machine, journal: Journal | None, dry_run: bool) -> None:
        self._machine = machine
        self._journal = journal
        self._dry_run = dry_run
        self.actuators = actuator.build(machine)
        for one in self.actuators.values():
            one.held = self._held
        self.left: set[Target] = set()
        self._undone: set[Target] = set()

    @property
    def holds(self) -> Holds:
        """What is in force, oldest first."""
        return self._journal.holds if self._journal and not self._dry_run else {}

    def present(self, target: Target) -> str | None:
        """What is there now; None where nobody can tell."""
        tool = self.actuators.get(target.kind)
        try:
            return tool.read(target).value if tool else None
        except FAILURES:
            return None

    def put_back(self, holds: Iterable[Hold], reason: str) -> list[Restored]:
        """Give every target what it had before us. What cannot be given back now stays in force.

        What was enabled for them follows when nothing of ours needs it any more.
        """
        self.begin()
        restored = self.settle([one for one in holds if one.intent.target.kind != "controller"], reason)
        return [*restored, *self.settle(needless(self.holds), reason)]

    def begin(self) -> None:
        """A new batch starts."""
        for one in self.actuators.values():
            one.begin()

    def _held(self) -> Holds:
        """What is in force, but for what was put back and is only not said to be yet."""
        return {target: hold for target, hold in self.holds.items() if target not in self._undone}

    def settle(self, holds: Iterable[Hold], reason: str) -> list[Restored]:
        """Give these back, in this order, and say so in the journal."""
        restored, settled = [], []
        try:
            for hold in holds:
                one = self.give_back(hold, reason)
                restored.append(one)
                if not one.failed:
                    settled.append(Undone(target=hold.intent.target, reason=one.skipped or reason))
                    self._undone.add(hold.intent.target)
        finally:  # what was put back was, whatever ended the rest
            if self._journal and settled:
                self.let_go(settled, durable=True)
                self._journal.compact()
            self._undone.clear()
        return restored

    def let_go(self, settled: Sequence[Undone], durable: bool = False) -> None:
        """No concern of ours any more."""
        assert self._journal is not None
        self._journal.note(settled, durable)
        for one in settled:
            self.actuators[one.target.kind].forget(one.target)

    def reconcile(self, reason: str) -> list[Restored]:
        """Let go of what someone else has changed, and of what has ended. One that cannot be read is kept."""
        ended, settled = [], []
        for hold in list(self.holds.values()):
            sentence = self.look_after(hold)
            if sentence:
                target = hold.intent.target
                name = describe(target)
                ended.append(Restored(hold.intent.action.id, name, None, reason, skipped=sentence))
                settled.append(Undone(target=target, reason=sentence))
        if settled:
            self.let_go(settled)
        self.left = {target for target in self.left if not self._is_gone(target)}
        return ended

    def _is_gone(self, target: Target) -> bool:
        try:
            self.actuators[target.kind].read(target)
        except Gone:
            return True
        except FAILURES:
            pass
        return False

    def look_after(self, hold: Hold) -> str | None:
        """Why it is to be let go of; None while it is ours."""
        target, journal = hold.intent.target, self._journal
        if journal is None or hold.intent.boot_id != self._machine.boot_id:
            return None

        def note(threads: tuple[ThreadValue, ...]) -> str:
            return journal.note([Settled(target=target, new=hold.ours[-1], threads=threads)])

        try:
            sentence = self.actuators[target.kind].reconcile(target, hold.intent.old, hold.ours, note)
        except Gone as error:
            return str(error)
        except FAILURES:
            return None
        if sentence:
            self.left.add(target)
        return sentence

    def give_back(self, hold: Hold, reason: str) -> Restored:
        """What was there before us."""
        target = hold.intent.target
        found = Restored(hold.intent.action.id, describe(target), None, reason)
        if hold.intent.boot_id != self._machine.boot_id:
            return replace(found, skipped="the machine was started anew since, and with it this setting")
        try:
            done = self.actuators[target.kind].put_back(target, hold.intent.old, hold.ours)
        except Gone as error:
            return replace(found, skipped=str(error))
        except FAILURES as error:
            return replace(found, skipped=f"failed, will be tried again: {error}", failed=True)
        if done.left:
            self.left.add(target)
        return replace(found, value=done.value, skipped=done.left)
