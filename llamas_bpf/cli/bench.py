"""``bench``: what our parts cost, beside what else one could do. Each is a file ``_bench_NAME.py`` here."""

import importlib
import pkgutil

import click

from llamas_bpf import cli

_PREFIX = "_bench_"


class Benchmarks(click.Group):
    """Found by name, and imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        modules = (module.name for module in pkgutil.iter_modules(cli.__path__))
        return sorted(name.removeprefix(_PREFIX) for name in modules if name.startswith(_PREFIX))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = importlib.import_module(f"{cli.__name__}.{_PREFIX}{cmd_name}").command
        return found


@click.command("bench", cls=Benchmarks)
def command() -> None:
    """Measure what this costs here, and what its rivals would."""
