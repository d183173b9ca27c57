"""``bench act`` for people."""

from rich.table import Table

from llamas_bpf.bench.act import Results
from llamas_bpf.bench.spread import Spread, percentile
from llamas_bpf.bench.street import ACTIONS, STAGES
from llamas_bpf.bench.tables import number, plain_table

_WORDS = {
    "situation": "situation",
    "advise": "advise: the packaged rules and ours",
    "number": "hints stored",
    "plan": "plan",
    "guard": "guard",
    "sync": "journal, fsync",
    "act": "writes: look, write, read back",
}


def table(results: Results) -> Table:
    """Every stage, in the order of the street."""
    found = plain_table("", "median", "p99", "ratio")
    street = results.street
    found.add_row(f"{street.workloads} workloads, {ACTIONS} actions", "ms", "ms", style="bold")
    for stage in STAGES:
        _add_row(found, _WORDS[stage], street.ms[stage])
    _add_row(found, "window closed to all writes done", street.ms["total"], f"{number(results.ratio)}x")
    found.add_row("Beside it", "ms", "ms", style="bold")
    _add_row(found, "the digest, before it", street.ms["before"])
    _add_row(found, "putting everything back, after it", street.ms["restore"])
    _add_row(found, f"taskset -a -p, {ACTIONS} times: only the writes", results.taskset)
    return found


def _add_row(found: Table, name: str, ms: list[float], ratio: str = "") -> None:
    found.add_row(f"  {name}", number(Spread.of(ms).median), number(percentile(ms, 99)), ratio)
