"""Options that several commands have in common."""

import math
import os
import stat
from pathlib import Path
from typing import Any, get_args

import click

from llamas_bpf.config import STATE, BackendName, Config

_MOST_S = 10 * 365 * 86400.0  # in nanoseconds, well within 64 bits


class Seconds(click.FloatRange):
    """A time that a clock can count: neither endless nor "nan", which every comparison lets pass."""

    def __init__(self, min: float) -> None:  # noqa: A002
        super().__init__(min=min, max=_MOST_S)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail("not a number of seconds", param, ctx)
        return found


class _Directory(click.Path):
    """A directory, or where none is yet. What needs to read it says so where it cannot."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":  # as of a variable that is not set: it would be wherever somebody stands
            self.fail("an empty name is not a directory", param, ctx)
        found = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            is_other = not stat.S_ISDIR(found.stat().st_mode)
        except (FileNotFoundError, PermissionError):
            is_other = False
        except OSError as error:
            self.fail(f"{found}: {error.strerror}", param, ctx)
        if is_other:
            self.fail(f"{found} is not a directory", param, ctx)
        return found


state = click.option(
    "--state",
    type=_Directory(),
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
    type=click.Choice(get_args(BackendName)),
    help="what loads the probes; auto is bcc where the kernel has no BTF  [default: sense.backend, auto]",
)
duration = click.option("--duration", type=Seconds(min=0.1), help="seconds  [default: until Ctrl-C]")
as_json = click.option("--json", "as_json", is_flag=True, help="machine-readable, on stdout")


def with_backend(config: Config, backend: BackendName | None) -> Config:
    """The settings, with what ``--backend`` says in place of theirs."""
    if backend is None:
        return config
    return config.model_copy(update={"sense": config.sense.model_copy(update={"backend": backend})})
