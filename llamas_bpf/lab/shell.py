"""A person at a guest's terminal."""

import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.run import Guest, run_in_guest
from llamas_bpf.lab.streams import Terminal

_SHELL = ("bash", "-l")


def open_shell(guest: Guest, argv: Sequence[str], progress: Callable[[str], None]) -> int:
    """Run argv, or a shell, on this terminal in a fresh guest; its exit status.

    The guest's terminal has the size that this one has now. Every key is the guest's once it is up, except
    Ctrl-], which ends it (KeyboardInterrupt). Raises LabError if this is no terminal.
    """
    keys, screen = sys.stdin.fileno(), sys.stdout.fileno()
    if not (os.isatty(keys) and os.isatty(screen)):
        raise LabError("a shell needs a terminal on standard input and output: use lab run -- CMD... instead")
    size = os.get_terminal_size(screen)
    sized = f'stty rows {size.lines} cols {size.columns}; unset LINES COLUMNS; exec "$@"'
    command = ["sh", "-c", sized, "sh", *(argv or _SHELL)]
    progress("Ctrl-] ends the guest, whatever runs in it")
    with _restored(keys):
        return run_in_guest(
            command,
            guest,
            env={"TERM": os.environ.get("TERM", "dumb")},
            # Not before: what is fetched and booted first can be stopped with Ctrl-C. What was typed stays.
            terminal=Terminal(keys, screen, take_over=lambda: tty.setraw(keys, termios.TCSADRAIN)),
            progress=progress,
        )


@contextmanager
def _restored(terminal: int) -> Iterator[None]:
    """The terminal is as before afterwards, whatever happens."""
    before = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        with suppress(termios.error):  # it may be gone
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
