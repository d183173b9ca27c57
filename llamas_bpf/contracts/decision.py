"""What a window decided, and what it took back."""

from dataclasses import dataclass

from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.outcome import Outcome


@dataclass(frozen=True)
class Decision:
    """One hint, with the id under which the store keeps it."""

    id: int
    hint: Hint
    advisor: str
    exchange_id: str | None


@dataclass(frozen=True)
class Restored:
    """An action taken back. ``skipped`` says why a target was left: gone, rebooted, others' hand.

    ``failed``: it could not be put back now, stays in force, and is tried again.
    """

    action_id: str
    target: str
    value: str | None
    reason: str
    skipped: str | None = None
    failed: bool = False


@dataclass(frozen=True)
class Events:
    """What one window came to, beside its digest."""

    decisions: tuple[Decision, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    applied: tuple[Applied, ...] = ()
    restored: tuple[Restored, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
