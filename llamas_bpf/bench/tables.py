"""How benchmarks show figures to people: plain tables that 80 columns hold."""

from collections.abc import Iterable

from rich.table import Table

from llamas_bpf.bench.marks import Mark

WIDTH = 80


def plain_table(*headings: str) -> Table:
    """The first column holds words, the others figures."""
    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, heading in enumerate(headings):
        found.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return found


def marks(all_of_them: Iterable[Mark]) -> Table:
    """What should be reached, and whether it is."""
    found = plain_table("mark", "measured")
    found.add_column(no_wrap=True)
    for mark in all_of_them:
        found.add_row(mark.what, _measured(mark), mark.words(), style="" if mark.reached else "yellow")
    return found


def number(value: float) -> str:
    """Three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _measured(mark: Mark) -> str:
    # Near a limit two digits would not tell on which side.
    figure = f"{mark.value:.3f}" if mark.value < 2 else number(mark.value)
    return f"{figure}{mark.unit}"
