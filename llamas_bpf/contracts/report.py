"""What happened in one window, for the store, the metrics and the screen."""

from dataclasses import dataclass, field

from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.decision import Decision, Restored
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation


@dataclass(frozen=True)
class WindowReport:
    """``stage_seconds`` says how long each stage took. ``degradations`` names what could not be had.
    ``model`` is None where no advisor asks one.
    """

    situation: Situation
    advisor: str | None
    decisions: tuple[Decision, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    applied: tuple[Applied, ...] = ()
    restored: tuple[Restored, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    degradations: tuple[str, ...] = ()
    model: ModelFigures | None = None
    stage_seconds: dict[str, float] = field(default_factory=dict)
