"""All that an advisor may know: this window, the machine, and what earlier windows decided."""

from dataclasses import dataclass

from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome


@dataclass(frozen=True)
class Situation:
    """``recent`` holds the last digests, oldest first, the current one last.

    ``scope`` holds the ids of the workloads that the guard would let anything be done to; None if not known.
    ``refusals`` and ``outcomes`` are the last few of earlier windows, oldest first.
    """

    number: int
    recent: tuple[Digest, ...]
    machine: Machine
    in_force: tuple[Applied, ...] = ()
    scope: frozenset[str] | None = None
    refusals: tuple[Refusal, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def digest(self) -> Digest:
        """The window that has just closed."""
        return self.recent[-1]
