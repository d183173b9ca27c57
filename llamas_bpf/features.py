"""The quantities that rules, prompts, guard and verdicts speak in: features, never device names.

A workload's features are its digest row plus, per group:
``memory.fast_tier_ratio`` (its bytes on tier 0 / all its bytes), ``memory.total_bytes``,
``sched.cpu_ratio`` (CPUs' worth of run time), ``sched.wakeups_per_s``, ``faults.per_s``.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from llamas_bpf.as_json import Json, number, row_json
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Machine


def workload_features(digest: Digest, machine: Machine, row: int) -> Json:
    """One workload's row with the derived quantities; None where the kernel cannot tell."""
    shown = row_json(digest, row)
    for column, values in _derived(digest, machine, [row]).items():
        group, name = column.split(".")
        shown[group][name] = number(values.item())
    return shown


def figures(
    digest: Digest, machine: Machine, rows: list[int], names: Collection[str] | None = None
) -> list[Json]:
    """The same figures of many workloads at once, as floats; only those of these ``names``, unless None."""
    table = digest.table[rows]
    columns = {column: table[column] for column in COLUMNS} | _derived(digest, machine, rows)
    wanted = {
        column: values for column, values in columns.items() if names is None or column.split(".")[1] in names
    }
    if not wanted:
        return [{} for _ in rows]
    places = [column.split(".") for column in wanted]
    values = np.stack([*wanted.values()], axis=1)
    # What is whole stays so: rounding would multiply it beyond what a double can tell apart.
    written = np.where(values == np.rint(values), values, np.round(values, 6)).astype(object)
    written[np.isnan(values)] = None
    found: list[Json] = []
    for row in written.tolist():
        shown: Json = {group: {} for group, _ in places}
        for (group, name), figure in zip(places, row, strict=True):
            shown[group][name] = figure
        found.append(shown)
    return found


def machine_features(digest: Digest, machine: Machine) -> Json:
    """Tiers (fastest first), nodes, and disjoint CPU sets that keep workloads out of each other's way."""
    free = {int(node): row["free_bytes"] for node, row in digest.machine.get("nodes", {}).items()}
    return {
        "tiers": [{"rank": t.rank, "nodes": [f"node{n}" for n in t.nodes]} for t in machine.tiers],
        "nodes": [
            node.model_dump(mode="json", exclude={"id"})
            | {"id": f"node{node.id}", "free_bytes": free.get(node.id)}
            for node in machine.nodes
        ],
        "cpu_domains": cpu_domains(machine),
        "devices": [
            {"id": d.id, "kind": d.kind, "node": None if d.node is None else f"node{d.node}"}
            for d in machine.devices
        ],
        "psi": digest.machine.get("psi", {}),
        "tiering": digest.machine.get("tiering", {}),
    }


def cpu_domains(machine: Machine) -> list[list[int]]:
    """Each node's CPUs; on a machine with one such node, its two halves; one CPU gives one domain."""
    domains = [list(node.cpus) for node in machine.nodes if node.cpus]
    if len(domains) == 1 and len(domains[0]) > 1:
        half = len(domains[0]) // 2
        domains = [domains[0][:half], domains[0][half:]]
    return domains


def value(features: Json, metric: str) -> float | None:
    """``sched.runqueue_p99_ns`` out of nested features; None where it is not known."""
    found: Any = features
    for part in metric.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return None if found is None else float(found)


def _derived(digest: Digest, machine: Machine, rows: list[int]) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """Column by column; NaN where the kernel cannot tell."""
    table, seconds = digest.table[rows], (digest.end_ns - digest.start_ns) / 1e9
    per_second = 1 / seconds if seconds > 0 else np.nan
    faults = np.stack([table["faults.minor"], table["faults.major"]], axis=1)
    sizes, fastest = table[NODE_BYTES], machine.tiers[0].nodes
    total = np.nansum(sizes, axis=1)
    fast = np.nansum(sizes[:, [node in fastest for node in digest.node_ids]], axis=1)
    return {
        "faults.per_s": np.where(np.isnan(faults).all(axis=1), np.nan, np.nansum(faults, axis=1))
        * per_second,
        "sched.wakeups_per_s": table["sched.wakeups"] * per_second,
        "sched.cpu_ratio": table["sched.run_ns"] * per_second / 1e9,
        "memory.total_bytes": np.where(np.isnan(sizes).all(axis=1), table["memory.current_bytes"], total),
        "memory.fast_tier_ratio": np.divide(fast, total, out=np.full(len(rows), np.nan), where=total > 0),
    }
