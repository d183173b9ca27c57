"""What happened in one window, for the store, the metrics and the screen."""

from dataclasses import dataclass, field

from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation


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
class Decision:
    """One hint, with the id under which the store keeps it."""

    id: int
    hint: Hint
    advisor: str
    exchange_id: str | None


@dataclass(frozen=True)
class WindowReport:
    """``stage_seconds`` says how long each stage took. ``degradations`` names what could not be had."""

    situation: Situation
    advisor: str | None
    decisions: tuple[Decision, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    applied: tuple[Applied, ...] = ()
    restored: tuple[Restored, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    degradations: tuple[str, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)
