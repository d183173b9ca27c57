"""``rollback``: put back what a controller changed, from its journal alone."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.shown import console, plain


def _valid_id(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,9})?", value):
        raise click.BadParameter("a decision's number, or an action's, such as 17 or 17.1", ctx, parameter)
    return value


@click.command()
@click.argument("which", metavar="[ID]", required=False, callback=_valid_id)
@click.option("--all", "everything", is_flag=True, help="all that is in force (also when nothing is named)")
@options.state
@options.as_json
def command(which: str | None, everything: bool, state: Path, as_json: bool) -> int:
    """Put back the settings that are still in force, or only those of decision ID (17, or 17.1)."""
    from llamas_bpf.controller.signals import stop_on_signal

    if which and everything:
        raise click.UsageError("give an ID or --all, not both")
    # A signal half-way would leave the rest as it is: there is little to wait for, so it waits.
    with stop_on_signal():
        from llamas_bpf import machine
        from llamas_bpf.act import enforcing_lock, rollback

        with enforcing_lock():
            restored = rollback(state, machine.read(), which)
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in restored]))
    else:
        _show(restored, which, state)
    return 1 if any(entry.failed for entry in restored) else 0


def _show(restored: list[Restored], which: str | None, state: Path) -> None:
    from rich.table import Table

    if not restored:
        console().print(f"nothing to roll back: {_why_nothing(which, state)}")
        return
    table = Table()
    for heading in ("action", "setting", "put back to", "left as it is, because"):
        table.add_column(heading, overflow="fold")
    for entry in restored:
        value = "" if entry.value is None else plain(entry.value) or "(empty)"
        table.add_row(entry.action_id, entry.target, value, entry.skipped or "")
    console().print(table)


def _why_nothing(which: str | None, state: Path) -> str:
    from llamas_bpf.act.journal import NAME

    if not (state / NAME).exists():
        return f"there is no journal in {plain(state)}"
    return f"nothing of {which} is in force" if which else "nothing is in force"
