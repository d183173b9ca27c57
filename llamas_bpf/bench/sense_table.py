"""``bench sense`` for people."""

from rich.table import Table

from llamas_bpf.bench.controller import Cost
from llamas_bpf.bench.sense import Results
from llamas_bpf.bench.spread import Comparison, Spread
from llamas_bpf.bench.tables import number, plain_table


def table(results: Results) -> Table:
    """Medians, the quartiles around them, and ratios."""
    found = plain_table("", "median", "quartiles", "ratio")
    for part in (results.drain, results.ping_pong, results.touch):
        _add_comparison(found, part)
    _add_controller(found, results.controller)
    digests = results.digests
    _add_heading(found, f"Digest of {digests.workloads:,} processes", "ms")
    _add_row(found, "each window", Spread.of(digests.ms))
    _add_row(found, "reading their counts, before it", Spread.of(digests.take_ms))
    found.add_row("  the first window: all are new", number(digests.first_ms))
    return found


def _add_comparison(found: Table, part: Comparison) -> None:
    _add_heading(found, part.what, part.unit)
    ratios: dict[str, list[str]] = {}
    for way, rival in part.rivals:
        ratio = part.ratio(way, rival)
        # Of two rivals each is told in its own row: what ours is, as a multiple of it.
        row = way if len({rival for _, rival in part.rivals}) == 1 else rival
        words = f"{number(ratio.median)}x" if row == way else f"ours {number(ratio.median)}x"
        ratios.setdefault(row, []).append(words)
    for way in part.rounds:
        _add_row(found, way, part.spread(way), ", ".join(ratios.get(way, [])))


def _add_controller(found: Table, cost: Cost) -> None:
    rate = Spread.of(cost.events_per_s).median
    _add_heading(found, f"Controller at {rate:,.0f} events/s", "")
    _add_row(found, "CPU, % of one core", Spread.of([share * 100 for share in cost.cpu]))
    for name, size in (("resident", cost.rss_bytes), ("proportional", cost.pss_bytes)):
        found.add_row(f"  memory, {name}, MB", number(size / 1e6))


def _add_heading(found: Table, what: str, unit: str) -> None:
    found.add_row(what, unit, style="bold")


def _add_row(found: Table, name: str, spread: Spread, ratio: str = "") -> None:
    quartiles = f"{number(spread.q1)} - {number(spread.q3)}"
    found.add_row(f"  {name}", number(spread.median), quartiles, ratio)
