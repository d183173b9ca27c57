"""All that an advisor may know: this window, the machine, and what earlier windows decided."""

from dataclasses import dataclass, field

from llamas_bpf.contracts.action import Applied, Refusal, Target
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome


@dataclass(frozen=True)
class Touched:
    """A setting that was written, or (``harmed``) found to do harm. ``at_ns`` is CLOCK_MONOTONIC."""

    workload: str | None
    target: Target
    at_ns: int
    harmed: bool = False


@dataclass(frozen=True)
class Situation:
    """``recent`` holds the last digests, oldest first, the current one last.

    ``scope`` holds the ids of the workloads that the guard would let anything be done to; None if not known.
    ``refusals`` and ``outcomes`` are the last few of earlier windows, oldest first. ``touched``: what was
    changed lately, oldest first. ``on_trial``: the workloads (None: the machine) with a decision that is not
    judged yet. ``proven``: the ids of actions in force that were judged to help. ``lessons``: what earlier
    decisions came to, of earlier runs too. ``last``: all that the window before came to. ``left_alone``:
    quantised situations of workloads (``fingerprint.py``) that a model was asked about and gave no hint for.
    """

    number: int
    recent: tuple[Digest, ...]
    machine: Machine
    in_force: tuple[Applied, ...] = ()
    scope: frozenset[str] | None = None
    refusals: tuple[Refusal, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    touched: tuple[Touched, ...] = ()
    on_trial: frozenset[str | None] = frozenset()
    proven: frozenset[str] = frozenset()
    lessons: tuple[Lesson, ...] = ()
    last: Events = field(default_factory=Events)
    left_alone: frozenset[tuple[int, ...]] = frozenset()

    @property
    def digest(self) -> Digest:
        """The window that has just closed."""
        return self.recent[-1]
