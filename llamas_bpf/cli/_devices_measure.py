"""``devices measure``: how fast each node's memory really is."""

import json
from pathlib import Path

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.cli import _steps as steps
from llamas_bpf.config import load


@click.command("measure")
@click.option("--node", type=click.IntRange(0, 1023), help="only this node's memory  [default: all]")
@options.state
@options.config
@options.as_json
def command(node: int | None, state: Path, config: Path | None, as_json: bool) -> None:
    """Measure latency and bandwidth of each memory node from each node of CPUs. Takes seconds.

    It fills at most an eighth of what is free on a node, with memory of its own process, and changes nothing
    else. Best on a machine that does nothing else.
    """
    from llamas_bpf import machine
    from llamas_bpf.machine import measure, measurements

    settings = load(config)
    here = machine.read()
    pairs = measure.wanted(here, node)
    with steps.progress(measure.steps(pairs)) as step:
        measured = measurements.save(state, measure.measure(here, pairs, step))
    described = machine.read(settings, state)
    why = measurements.doubt(measured, {one.node: one for one in described.features})
    if as_json:
        click.echo(json.dumps(measured.model_dump(mode="json") | {"counts": not why, "why": why}))
        return
    from llamas_bpf.cli import _devices_tables as tables

    tables.show_pairs(measured)
    tables.say(f"{why}: it does not outrank HMAT and texts" if why else "this outranks HMAT and texts")
