"""``bench act``: how soon what a window showed is acted on."""

import click

from llamas_bpf.cli import _figures as figures
from llamas_bpf.cli import _options as options
from llamas_bpf.cli import _steps as steps


@click.command("act")
@click.option("--rounds", type=click.IntRange(1, 10_000), help="windows to measure  [default: 300]")
@click.option("--quick", is_flag=True, help="a few windows, to see that it works: rough figures")
@options.as_json
def command(rounds: int | None, quick: bool, as_json: bool) -> None:
    """Measure how soon a window is acted on: hints, plan, guard, journal, writes.

    Starts a hundred processes of its own, and gives ten of them other CPUs and their own back, again and
    again. Nothing else is touched. Takes about a minute, best on a machine that does nothing else. The exit
    status does not tell whether the mark was reached.
    """
    from dataclasses import replace

    from llamas_bpf.bench.act import Plan, measure
    from llamas_bpf.bench.act_table import table

    plan = Plan.quick(rounds) if quick else replace(Plan(), rounds=rounds or Plan.rounds)
    with steps.progress(plan.steps) as step:
        results = measure(plan, step)
    figures.show(results, table, as_json)
