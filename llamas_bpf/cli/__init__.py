"""The command line: one file per command, each with a ``command``. Found by name, imported when asked for."""

import importlib
import os
import pkgutil
import sys

import click

from llamas_bpf import __version__
from llamas_bpf.errors import LlamasError


class Commands(click.Group):
    """Imports a command's file only when it is used, so that ``--help`` and errors are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def group() -> None:
    """Lets a language model help this kernel manage its memories and processors."""


def main() -> None:
    """Entry point. Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 something is missing."""
    try:
        status = group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except LlamasError as error:
        click.echo(f"llamas-bpf: {error}", err=True)
        status = error.exit_status
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except BrokenPipeError:
        # The reader has gone, as `| head` does. Python flushes once more at exit: into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status if isinstance(status, int) else 0)
