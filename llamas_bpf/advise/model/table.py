"""The last digests as one compact table: who matters most first, a cell per figure, the rest summed."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from llamas_bpf.advise import busiest
from llamas_bpf.as_json import Json
from llamas_bpf.contracts.digest import NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import figures, value

_ROWS = 24

#: Heading, metric, and what one of its unit is in the metric's own.
COLUMNS = (
    ("faults/s", "faults.per_s", 1.0),
    ("major faults", "faults.major", 1.0),
    ("sequential %", "faults.sequential_ratio", 0.01),
    ("wake-ups/s", "sched.wakeups_per_s", 1.0),
    ("CPUs used", "sched.cpu_ratio", 1.0),
    ("CPU wait p99 ms", "sched.runqueue_p99_ns", 1e6),
    ("memory MiB", "memory.total_bytes", 1 << 20),
    ("on fastest tier %", "memory.fast_tier_ratio", 0.01),
    ("memory stall %", "psi.memory_some_ratio", 0.01),
)
_FIGURES = frozenset(metric.partition(".")[2] for _, metric, _ in COLUMNS)

#: What the rest has of these columns, summed.
SUMMED = {"faults/s": "faults_per_s", "CPUs used": "cpus_used", "memory MiB": "memory_mib"}


@dataclass(frozen=True)
class Table:
    """``names`` maps the ids in the table, and no others, to names as the system gave them."""

    columns: list[str]
    rows: list[list[str]]
    rest: Json
    names: dict[str, str]


def table(situation: Situation, windows: int) -> Table:
    """A cell holds a figure per window, oldest first; one figure where all are the same."""
    digest, machine = situation.digest, situation.machine
    shown = busiest.rows(digest, _ROWS)[:_ROWS]
    workloads = [digest.workloads[row] for row in shown]
    ids = {workload.id for workload in workloads}
    past = [_features(older, machine, ids) for older in situation.recent[-windows:]]
    rows = []
    for workload, row in zip(workloads, shown, strict=True):
        history = [each.get(workload.id, {}) for each in past]
        cells = [_cell([value(each, metric) for each in history], unit) for _, metric, unit in COLUMNS]
        mine = situation.scope is None or workload.id in situation.scope
        rows.append([workload.id, "yes" if mine else "no", *cells, _by_node(digest, row)])
    return Table(
        columns=["id", "may be changed", *(heading for heading, _, _ in COLUMNS), "MiB by node"],
        rows=rows,
        rest=_rest(digest, set(shown)),
        names={digest.workloads[row].id: digest.workloads[row].name for row in shown},
    )


def _features(digest: Digest, machine: Machine, ids: Collection[str]) -> dict[str, Json]:
    """Of those that were there in that window."""
    rows = [row for row, workload in enumerate(digest.workloads) if workload.id in ids]
    found = figures(digest, machine, rows, _FIGURES)
    return {digest.workloads[row].id: each for row, each in zip(rows, found, strict=True)}


def _cell(figures: list[float | None], unit: float) -> str:
    written = ["-" if figure is None else short(figure / unit) for figure in figures]
    return written[0] if len(set(written)) == 1 else ",".join(written)


def short(figure: float) -> str:
    """Three digits, or all those before the point."""
    return f"{figure:.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def _by_node(digest: Digest, row: int) -> str:
    sizes = zip(digest.node_ids, digest.table[NODE_BYTES][row].tolist(), strict=True)
    parts = [f"node{node} {size / (1 << 20):.0f}" for node, size in sizes if size > 0]
    return ", ".join(parts) or "-"


def _rest(digest: Digest, shown: set[int]) -> Json:
    """The others together; without looking at each, as there may be thousands."""
    others = [row for row in range(len(digest.workloads)) if row not in shown]
    rest = digest.table[others]
    seconds = (digest.end_ns - digest.start_ns) / 1e9
    return {
        "workloads": len(others),
        "cpus_used": round(float(np.nansum(rest["sched.run_ns"])) / 1e9 / seconds, 2),
        "faults_per_s": round(
            float(np.nansum(rest["faults.minor"]) + np.nansum(rest["faults.major"])) / seconds
        ),
        "memory_mib": round(float(np.nansum(rest["memory.current_bytes"])) / (1 << 20)),
    }
