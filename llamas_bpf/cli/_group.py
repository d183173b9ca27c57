"""The commands, found by name and imported when asked for; how each of them ends."""

import importlib
import pkgutil

import click

from llamas_bpf import __version__, cli
from llamas_bpf.cli import _ends


class Commands(click.Group):
    """Imports a command's file only when it is used, so that ``--help`` and errors are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(cli.__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{cli.__name__}.{cmd_name}").command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def group() -> None:
    """Lets a language model help this kernel manage its memories and processors."""


def run() -> int:
    """What the process is to exit with."""
    try:
        status = group.main(standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except Exception as error:
        return _ends.failed(error)
    return status if isinstance(status, int) else 0
