"""Ended by a signal, a run of the lab removes its guest and its files as it does after Ctrl-C."""

import signal
import sys
from types import FrameType


def tidy_when_ended() -> None:
    """SIGTERM, and SIGHUP when the terminal goes, would by themselves end us with everything left behind."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup(1) asked for it
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
