"""``lab``: commands and tests in guests with a chosen kernel and chosen memories."""

import json
import os
import re
from pathlib import Path

import click

from llamas_bpf.cli import _lab_options as lab_options
from llamas_bpf.cli import _options as options
from llamas_bpf.cli._ends import PassesStatusThrough
from llamas_bpf.cli._lab_tests import test, test_matrix


@click.group("lab")
def command() -> None:
    """Run commands in guests with a chosen kernel and chosen memories."""


command.add_command(test)
command.add_command(test_matrix)


def _environment(ctx: click.Context, parameter: click.Parameter, settings: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE as it says; NAME as it is here, and left out where it is not set here."""
    pairs = [setting.partition("=") for setting in settings]
    for name, _, _ in pairs:
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            raise click.BadParameter(f"{name!r} is no name of a variable", ctx, parameter)
    found = {name: value if given else os.environ.get(name) for name, given, value in pairs}
    return {name: value for name, value in found.items() if value is not None}


@command.command(cls=PassesStatusThrough, context_settings={"allow_interspersed_args": False})
@lab_options.kernel
@lab_options.topology
@lab_options.init
@lab_options.out("Where the files go that CMD leaves in $OUT.")
@lab_options.timeout(600)
@lab_options.network
@lab_options.packages
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
    init: str,
    out: Path | None,
    timeout: float,
    network: bool,
    packages: tuple[str, ...],
    env: dict[str, str],
    cmd: tuple[str, ...],
) -> int:
    """Boot a guest, run CMD in it with the project installed, and exit as CMD did.

    Exit status 125 is the lab's own failure. The first run builds the guest from Debian's packages, which
    takes a minute or two; later ones start CMD within seconds.
    """
    from llamas_bpf.lab import Guest, run_in_guest

    lab_options.tidy_when_ended()
    guest = Guest(kernel, topology, init, timeout, packages, network)
    return run_in_guest(cmd, guest, out=out, env=env, progress=lab_options.say)


@command.command(cls=PassesStatusThrough, context_settings={"allow_interspersed_args": False})
@lab_options.kernel
@lab_options.topology
@lab_options.init
@lab_options.timeout(24 * 3600)
@lab_options.network
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
def shell(kernel: str, topology: str, init: str, timeout: float, network: bool, cmd: tuple[str, ...]) -> int:
    """Open a shell in a guest, or run CMD there, on this terminal. The guest ends with it."""
    from llamas_bpf.lab import Guest
    from llamas_bpf.lab.shell import open_shell

    lab_options.tidy_when_ended()
    return open_shell(Guest(kernel, topology, init, timeout, network=network), cmd, lab_options.say)


@command.command()
@click.argument("name", required=False)
@options.as_json
def topology(name: str | None, as_json: bool) -> None:
    """Say what machine a topology is, and what QEMU is told; without NAME: list them."""
    from llamas_bpf.lab import describe
    from llamas_bpf.lab.topology import load_topology, names

    found = {known: load_topology(known) for known in ([name] if name else names())}
    if as_json:
        shown = {known: describe.as_json(one) for known, one in found.items()}
        click.echo(json.dumps(shown[name] if name else shown))
    elif name:
        click.echo(describe.in_words(found[name]))
    else:
        for known, one in found.items():
            click.echo(f"{known:<13} {one.description}")


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
    click.echo(f"{sum(entry.size_bytes for entry in found) / 1e6:8.0f} MB  in all")


@command.command()
def clean() -> None:
    """Remove from the cache what no run is using."""
    from llamas_bpf.lab import cache

    cache.clean(lab_options.say)
