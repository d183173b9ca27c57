"""``devices``: what the kernel, measurement and the operator's texts say of memories and processors."""

import json
from pathlib import Path

import click

from llamas_bpf.cli import _devices_learn, _devices_measure
from llamas_bpf.cli import _options as options
from llamas_bpf.config import load


@click.group(invoke_without_command=True)
@options.state
@options.config
@options.as_json
@click.pass_context
def command(ctx: click.Context, state: Path, config: Path | None, as_json: bool) -> None:
    """Show this machine's processors, memories and devices, and what is known of each.

    Where a figure is measured, told by the firmware (HMAT) and by a device text, all are shown, and the one
    that counts is marked. Device texts are /etc/llamas-bpf/devices/NAME.md.
    """
    if ctx.invoked_subcommand is not None:
        # What was said before the sub-command holds for it, unless it says otherwise itself.
        given = {"state": state, "as_json": as_json} | ({"config": config} if config else {})
        ctx.default_map = dict.fromkeys(command.commands, given)
        return
    from llamas_bpf import machine
    from llamas_bpf.machine import measurements

    here = machine.read(load(config), state)
    measured = measurements.current(state, here)[0]
    if as_json:
        kept = measured.model_dump(mode="json") if measured else None
        click.echo(json.dumps({"machine": here.model_dump(mode="json"), "measured": kept}))
        return
    from llamas_bpf.cli import _devices_tables as tables

    tables.show(here, measured)


command.add_command(_devices_learn.command)
command.add_command(_devices_measure.command)
