"""``bench devices`` for people."""

from rich.table import Table

from llamas_bpf.bench.devices import Results
from llamas_bpf.bench.tables import number, plain_table


def table(results: Results) -> Table:
    """Each frontend, and what it made of each kind of texts."""
    found = plain_table("", "texts", "features", "found", "wrong", "missed", "unwanted", "made up", "ms")
    for frontend in results.reads:
        found.add_row(frontend, style="bold")
        for split, total in results.totals(frontend).items():
            counts = (total.texts, total.present, total.found, total.wrong, total.missed, total.unwanted)
            found.add_row(f"  {split}", *map(str, counts), str(total.ungrounded), number(total.ms))
    return found
