"""What the lab's commands have in common: which guest, and how they talk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from llamas_bpf.cli._options import Seconds

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

kernel = click.option(
    "--kernel", default="6.12", show_default=True, help="Debian's cloud kernel to boot: 6.1, 6.12 or newest."
)
topology = click.option(
    "--topology", default="tiers", show_default=True, help="A file of vagrant/topologies, by its name."
)
init = click.option(
    "--init",
    default="bare",
    show_default=True,
    type=click.Choice(["bare", "systemd"]),
    help="What process 1 is: a short script, or systemd.",
)
network = click.option(
    "--network", is_flag=True, help="Give the guest a network; it knows this host as 10.0.2.2."
)

packages = click.option(
    "--with",
    "packages",
    multiple=True,
    metavar="PACKAGE",
    help="Debian package that the guest has besides; the first time a disk is built for it (2 min).",
)


def timeout(seconds: float) -> Decorator:
    return click.option(
        "--timeout",
        default=seconds,
        show_default=True,
        metavar="SECONDS",
        type=Seconds(min=1),
        help="From power-on.",
    )


def out(what: str, default: str | None = None) -> Decorator:
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option("--out", type=kind, default=default, show_default=default is not None, help=what)


def say(text: str) -> None:
    click.echo(f"lab: {text}", err=True)


def tidy_when_ended() -> None:
    """Called by each command that starts a guest or builds."""
    from llamas_bpf.lab import ending

    ending.tidy_when_ended()
