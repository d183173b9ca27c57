"""Options that several commands have in common."""

from pathlib import Path

import click

from llamas_bpf.config import STATE

state = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=STATE,
    show_default=True,
    help="where decisions and the journal are kept",
)
config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="settings  [default: /etc/llamas-bpf/config.toml, if there]",
)
backend = click.option(
    "--backend",
    type=click.Choice(["auto", "libbpf"]),
    default="auto",
    show_default=True,
    help="what loads the probes",
)
as_json = click.option("--json", "as_json", is_flag=True, help="machine-readable, on stdout")
