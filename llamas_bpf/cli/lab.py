"""``lab``: commands in guests with a chosen kernel and chosen memories."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.cli._ends import PassesStatusThrough


@click.group("lab")
def command() -> None:
    """Run commands in guests with a chosen kernel and chosen memories."""


def _environment(ctx: click.Context, parameter: click.Parameter, settings: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE as it says; NAME as it is here, and left out where it is not set here."""
    pairs = [setting.partition("=") for setting in settings]
    for name, _, _ in pairs:
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            raise click.BadParameter(f"{name!r} is no name of a variable", ctx, parameter)
    found = {name: value if given else os.environ.get(name) for name, given, value in pairs}
    return {name: value for name, value in found.items() if value is not None}


@command.command(cls=PassesStatusThrough, context_settings={"allow_interspersed_args": False})
@click.option("--kernel", default="6.12", show_default=True, help="Debian's cloud kernel to boot.")
@click.option(
    "--topology", default="tiers", show_default=True, help="A file of vagrant/topologies, by its name."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go that CMD leaves in $OUT.",
)
@click.option(
    "--timeout",
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    type=options.Seconds(min=1),
    help="From power-on.",
)
@click.option("--network", is_flag=True, help="Give the guest a network; it knows this host as 10.0.2.2.")
@click.option(
    "--env",
    multiple=True,
    metavar="NAME[=VALUE]",
    callback=_environment,
    help="Set for CMD; without a value: as it is here.",
)
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, required=True, metavar="-- CMD...")
def run(
    kernel: str,
    topology: str,
    out: Path | None,
    timeout: float,
    network: bool,
    env: dict[str, str],
    cmd: tuple[str, ...],
) -> int:
    """Boot a guest, run CMD in it with the project installed, and exit as CMD did.

    Exit status 125 is the lab's own failure. The first run builds the guest from Debian's packages, which
    takes a minute or two; later ones start CMD within seconds.
    """
    from llamas_bpf.lab import run_in_guest

    # A plain SIGTERM would end us without removing this run's files.
    signal.signal(signal.SIGTERM, _end)
    return run_in_guest(
        cmd,
        kernel=kernel,
        topology=topology,
        out=out,
        timeout_s=timeout,
        env=env,
        network=network,
        progress=_say,
    )


@command.command()
@options.as_json
def status(as_json: bool) -> None:
    """Show what the lab keeps in its cache, and how large it is."""
    from llamas_bpf.lab import cache

    found = cache.entries()
    if as_json:
        click.echo(json.dumps([{"name": entry.name, "size_bytes": entry.size_bytes} for entry in found]))
        return
    for entry in found:
        click.echo(f"{entry.size_bytes / 1e6:8.0f} MB  {entry.name}")


@command.command()
def clean() -> None:
    """Remove from the cache what no run is using."""
    from llamas_bpf.lab import cache

    cache.clean(_say)


def _say(text: str) -> None:
    click.echo(f"lab: {text}", err=True)


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
