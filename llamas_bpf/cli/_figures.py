"""What every benchmark's command does with what it measured: shows it, to people or to programs."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

if TYPE_CHECKING:
    from rich.table import Table

    from llamas_bpf.bench.marks import Mark


class Results(Protocol):
    """Of any benchmark."""

    def as_json(self) -> dict[str, Any]: ...

    def marks(self) -> Mapping[str, "Mark"]: ...


_R = TypeVar("_R", bound=Results)


def show(results: _R, table: Callable[[_R], "Table"], as_json: bool) -> None:
    """As one JSON object, or as the benchmark's own table with its marks below."""
    if as_json:
        click.echo(json.dumps(results.as_json()))
        return
    from llamas_bpf import shown
    from llamas_bpf.bench import tables

    screen = shown.console(width=tables.WIDTH)
    screen.print(table(results))
    screen.print()
    screen.print(tables.marks(results.marks().values()))
