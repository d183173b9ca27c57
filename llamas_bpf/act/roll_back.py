"""Puts back from the journal alone, after a crash or on an operator's word."""

from pathlib import Path

from llamas_bpf.act.actuation import Actuation
from llamas_bpf.act.journal import NAME, Journal
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.contracts.machine import Machine


def rollback(state: Path, machine: Machine, which: str | None = None) -> list[Restored]:
    """Undo everything, or only ``17`` or ``17.1``, newest first. The caller holds the host's lock.

    Raises JournalError, and changes nothing, where the journal is not to be trusted.
    """
    if not (state / NAME).is_symlink() and not (state / NAME).exists():
        return []
    journal = Journal(state)
    try:
        actuation = Actuation(machine, journal, dry_run=False)
        if which is None:
            return actuation.restore_all("rolled back")
        return actuation.undo(which, "rolled back")
    finally:
        journal.close()
