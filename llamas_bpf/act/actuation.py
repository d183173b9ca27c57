"""What is in force by our hand: applied, timed, and put back."""

import time
from collections.abc import Callable, Sequence

from llamas_bpf.act.funnel import Funnel
from llamas_bpf.act.holds import Hold
from llamas_bpf.act.journal import Journal
from llamas_bpf.contracts.action import Action, Applied, Target
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.contracts.machine import Machine


class Actuation:
    """At most one action is in force on a target: a later one supersedes, and undoing it brings back what
    was there before the first. In a dry run nothing is written, and so nothing is ever in force.

    The caller holds the host's lock (``enforcing_lock``) unless it is a dry run.
    """

    def __init__(self, machine: Machine, journal: Journal | None, dry_run: bool) -> None:
        self._funnel = Funnel(machine, journal, dry_run)
        self._ends_ns: dict[Target, int] = {}
        self._failing: set[str] = set()

    def sees(self, machine: Machine) -> None:
        """Nodes have come or gone."""
        for one in self._funnel.kept.actuators.values():
            one.sees(machine)

    def apply(self, actions: Sequence[Action]) -> list[Applied]:
        """What became of each, in order. Where our value is there already, its time starts anew."""
        done = self._funnel.put(actions)
        for one in done:
            if one.status in ("applied", "unchanged"):
                ends = one.at_ns + one.action.ttl_s * 1_000_000_000
                self._ends_ns[one.action.target] = ends
        self._ends_ns = {
            target: end for target, end in self._ends_ns.items() if target in self._funnel.kept.holds
        }
        return done

    def in_force(self) -> tuple[Applied, ...]:
        """Oldest first. ``old`` is what undoing brings back, ``new`` the value as last read back."""
        return tuple(
            Applied(
                action=hold.intent.action,
                status="applied",
                old=hold.intent.old.value,
                new=hold.ours[-1],
                at_ns=hold.intent.at_ns,
            )
            for hold in self._funnel.kept.holds.values()
        )

    def reconcile(self) -> list[Restored]:
        """Once a window: threads born meanwhile get what their process got; what someone else has changed is
        no concern of ours any more, until the next start. Gives what we let go of, each said once."""
        return self._funnel.kept.reconcile("looked after")

    def present(self, target: Target) -> str | None:
        """What the kernel says is there now; None where it cannot be read."""
        return self._funnel.kept.present(target)

    def expire(self, now_ns: int | None = None) -> list[Restored]:
        """Put back what has lived its time; ``now_ns`` is CLOCK_MONOTONIC.

        What cannot be put back is tried again each time, and said once.
        """
        now = time.monotonic_ns() if now_ns is None else now_ns
        restored = self._undo(lambda hold: self._end_of(hold) <= now, "its time is over")
        told = self._failing
        self._failing = {one.action_id for one in restored if one.failed}
        return [one for one in restored if not one.failed or one.action_id not in told]

    def undo(self, action_id: str, reason: str) -> list[Restored]:
        """One action (``17.1``), or all of a decision (``17``)."""
        return self._undo(lambda hold: is_meant(hold, action_id), reason)

    def restore_all(self, reason: str) -> list[Restored]:
        """Put everything back, newest first."""
        return self._undo(lambda hold: True, reason)

    def _undo(self, chosen: Callable[[Hold], bool], reason: str) -> list[Restored]:
        holds = [hold for hold in self._funnel.kept.holds.values() if chosen(hold)]
        return self._funnel.kept.put_back(reversed(holds), reason)

    def _end_of(self, hold: Hold) -> int:
        action = hold.intent.action
        return self._ends_ns.get(action.target, hold.intent.at_ns + action.ttl_s * 1_000_000_000)


def is_meant(hold: Hold, action_id: str) -> bool:
    """``17`` means every action of decision 17, ``17.1`` one."""
    own = hold.intent.action.id
    return own == action_id or own.startswith(action_id + ".")
