"""``exec``: run a command as a workload that the controller may act on."""

import difflib
import re
from typing import cast

import click

from llamas_bpf.cli._ends import PassesStatusThrough
from llamas_bpf.contracts.profile import TRAITS, Trait


def _valid_name(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch("[a-z0-9-]{1,32}", value):
        raise click.BadParameter("1 to 32 of a-z, 0-9 and -", ctx, parameter)
    return value


def _valid_traits(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[Trait, ...]:
    found = dict.fromkeys(value.split(",")) if value else {}
    for trait in found:
        if trait not in TRAITS:
            near = difflib.get_close_matches(trait, TRAITS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(TRAITS)}"
            raise click.BadParameter(f"unknown trait {trait!r}; {hint}", ctx, parameter)
    return cast(tuple[Trait, ...], tuple(found))


@click.command(cls=PassesStatusThrough, context_settings={"allow_interspersed_args": False})
@click.option("--name", required=True, callback=_valid_name, help="what to call the workload")
@click.option(
    "--mems", metavar="TIER|weights", help="where its memory comes from: tier0, tier1, … or weights"
)
@click.option(
    "--does",
    metavar="TRAIT[,TRAIT]",
    callback=_valid_traits,
    help="what it does, in the words of device texts, such as matrix_compute",
)
@click.argument("cmd", nargs=-1, required=True, type=click.UNPROCESSED)
def command(name: str, mems: str | None, does: tuple[Trait, ...], cmd: tuple[str, ...]) -> int:
    """Run CMD as workload NAME, in a cgroup of its own where there can be one.

    The exit status is CMD's; 125 to 127 mean that it could not be started.
    """
    from llamas_bpf import machine
    from llamas_bpf.act.launch import launch

    def say(words: str) -> None:
        click.echo(f"llamas-bpf exec: {words}", err=True)

    return launch(name, cmd, machine.read(), mems, say, does)
