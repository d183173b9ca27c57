"""``bench sense``: what watching costs."""

import click

from llamas_bpf.cli import _figures as figures
from llamas_bpf.cli import _options as options
from llamas_bpf.cli import _steps as steps


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
    from llamas_bpf.bench.sense_table import table

    plan = Plan.quick(rounds) if quick else replace(Plan(), rounds=rounds or Plan.rounds)
    with steps.progress(plan.steps) as step:
        results = measure(plan, step)
    figures.show(results, table, as_json)
