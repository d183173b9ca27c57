"""A person at a guest's terminal."""

import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.run import Guest, run_in_guest
from llamas_bpf.lab.streams import Terminal

_SHELL = ("bash", "-l")


def open_shell(guest: Guest, argv: Sequence[str], progress: Callable[[str], None]) -> int:
    """Run argv, or a shell, on this terminal in a fresh guest; its exit status.

    The guest's terminal has the size that this one has now. Raises LabError if this is no terminal.
    """
    keys, screen = sys.stdin.fileno(), sys.stdout.fileno()
    if not (os.isatty(keys) and os.isatty(screen)):
        raise LabError("a shell needs a terminal on standard input and output: use lab run -- CMD... instead")
    size = os.get_terminal_size(screen)
    sized = f'stty rows {size.lines} cols {size.columns}; unset LINES COLUMNS; exec "$@"'
    command = ["sh", "-c", sized, "sh", *(argv or _SHELL)]
    with _raw(keys):
        return run_in_guest(
            command,
            guest,
            env={"TERM": os.environ.get("TERM", "dumb")},
            terminal=Terminal(keys, screen),
            progress=lambda text: progress(f"{text}\r"),  # a raw terminal does not go back to the left
        )


@contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Every key goes to the guest, Ctrl-C too; as before afterwards, whatever happens."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
