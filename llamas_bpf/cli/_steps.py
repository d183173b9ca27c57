"""What every benchmark's command does while it measures: tells how far it is, and ends well when told to."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """On a terminal: how far it is, and what it is at. SIGTERM then ends us as Ctrl-C does."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from llamas_bpf import shown

    # A plain SIGTERM would end us before what we started is ended, and what we set is put back.
    signal.signal(signal.SIGTERM, _exit)
    console = shown.console(sys.stderr)
    words = TextColumn("{task.description}", markup=False)
    # Drawn when something begins, not by a clock: nothing of ours may run while something is timed.
    with Progress(
        BarColumn(30),
        MofNCompleteColumn(),
        words,
        console=console,
        transient=True,
        auto_refresh=False,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=steps)

        def step(what: str) -> None:
            bar.update(task, advance=1, description=what, refresh=True)

        yield step


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
