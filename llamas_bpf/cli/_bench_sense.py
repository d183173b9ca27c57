"""``bench sense``: what watching costs."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from llamas_bpf.cli import _options as options


@click.command("sense")
@click.option("--rounds", type=click.IntRange(1, 1000), help="of each comparison  [default: 10]")
@click.option("--quick", is_flag=True, help="a few short rounds, to see that it works: rough figures")
@options.as_json
def command(rounds: int | None, quick: bool, as_json: bool) -> None:
    """Measure what watching costs: draining, slowdown, CPU and memory, large digests.

    Takes one to two minutes, and is best done on a machine that does nothing else. Everything attached is
    removed at the end. The exit status does not tell whether the marks were reached.
    """
    from dataclasses import replace

    from llamas_bpf.bench.sense import Plan, measure

    plan = Plan.quick(rounds) if quick else replace(Plan(), rounds=rounds or Plan.rounds)
    # A plain SIGTERM would end us before what we started is ended.
    signal.signal(signal.SIGTERM, _end)
    with _progress(plan.steps) as step:
        results = measure(plan, step)
    if as_json:
        click.echo(json.dumps(results.as_json()))
        return
    from llamas_bpf import shown
    from llamas_bpf.bench import sense_table

    screen = shown.console(width=sense_table.WIDTH)
    screen.print(sense_table.table(results))
    screen.print()
    screen.print(sense_table.marks(results))


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[str], None]]:
    """On a terminal: how far it is, and what it is at."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from llamas_bpf import shown

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


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
