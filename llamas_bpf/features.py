"""The quantities that rules, prompts, guard and verdicts speak in: features, never device names.

A workload's features are its digest row plus, per group:
``memory.fast_tier_ratio`` (its bytes on tier 0 / all its bytes), ``memory.total_bytes``,
``sched.cpu_ratio`` (CPUs' worth of run time), ``sched.wakeups_per_s``, ``faults.per_s``,
``faults.write_ratio`` (the share of faults that were writes).
"""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from llamas_bpf import device_features
from llamas_bpf.as_json import Json, number, row_json
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Machine

Column = np.ndarray[Any, np.dtype[np.float64]]
Table = np.ndarray[Any, np.dtype[np.void]]


def workload_features(digest: Digest, machine: Machine, row: int) -> Json:
    """One workload's row with the derived quantities; None where the kernel cannot tell."""
    shown = row_json(digest, row)
    table = digest.table[[row]]
    for column, derived in _DERIVED.items():
        group, name = column.split(".")
        shown[group][name] = number(derived(digest, machine, table).item())
    return shown


def columns(
    digest: Digest, machine: Machine, rows: list[int], names: Collection[str] | None = None
) -> dict[str, Column]:
    """The same figures of many workloads at once, as floats, NaN where the kernel cannot tell; only those of
    these ``names`` (``run_ns``), unless None."""
    table = digest.table[rows]
    return {
        figure: column(digest, machine, table, figure)
        for figure in FIGURES
        if names is None or figure.partition(".")[2] in names
    }


def column(digest: Digest, machine: Machine, table: Table, figure: str) -> Column:
    """One of them, of these rows of the digest's table."""
    return _rounded(_DERIVED[figure](digest, machine, table) if figure in _DERIVED else table[figure])


def figures(
    digest: Digest, machine: Machine, rows: list[int], names: Collection[str] | None = None
) -> list[Json]:
    """The same, a workload at a time: ``{"sched": {"run_ns": 5.0}}``, None where the kernel cannot tell."""
    found = columns(digest, machine, rows, names)
    if not found:
        return [{} for _ in rows]
    places = [column.split(".") for column in found]
    values = np.stack([*found.values()], axis=1)
    written = values.astype(object)
    written[np.isnan(values)] = None
    told: list[Json] = []
    for row in written.tolist():
        shown: Json = {group: {} for group, _ in places}
        for (group, name), figure in zip(places, row, strict=True):
            shown[group][name] = figure
        told.append(shown)
    return told


def machine_features(digest: Digest, machine: Machine) -> Json:
    """Tiers (fastest first), nodes, kinds of processors, devices, and disjoint CPU sets that keep workloads
    out of each other's way.

    ``described``: an operator's text tells of any of them. ``tells_hot_pages``: the hot ones can be moved.
    """
    return in_window(lasting_features(machine), digest)


#: What is not, by name.
PASSING = frozenset({"free_bytes", "psi", "tiering"})


def lasting_features(machine: Machine) -> Json:
    """Those of them that are the same in every window."""
    nodes = device_features.nodes(machine)
    return {
        "described": bool(machine.profiles),
        "tiers": device_features.tiers(machine.tiers, nodes),
        "nodes": nodes,
        "cpus": device_features.cpus(machine),
        "cpu_domains": cpu_domains(machine),
        "devices": device_features.devices(machine),
        "tells_hot_pages": _tells_hot_pages(machine),
    }


def in_window(lasting: Json, digest: Digest) -> Json:
    """The same, with what this window's digest tells of the machine."""
    told = digest.machine
    free = {node: row["free_bytes"] for node, row in told.get("nodes", {}).items()}
    nodes = [shown | {"free_bytes": free.get(shown["key"])} for shown in lasting["nodes"]]
    return lasting | {"nodes": nodes, "psi": told.get("psi", {}), "tiering": told.get("tiering", {})}


def _tells_hot_pages(machine: Machine) -> bool:
    """DAMON tells pages of a cgroup apart, where that has the memory controller."""
    damon = any(each.name == "damon" and each.available for each in machine.capabilities)
    return damon and "memory" in machine.cgroup_controllers


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


def _rounded(values: Column) -> Column:
    """As ``round(value, 6)`` does: from 2**33 on a double has no sixth decimal."""
    return np.where(np.abs(values) < 2**33, values.round(6), values)


def _per_second(digest: Digest) -> float:
    seconds = (digest.end_ns - digest.start_ns) / 1e9
    return 1 / seconds if seconds > 0 else np.nan


def _faults_per_s(digest: Digest, machine: Machine, table: Table) -> Column:
    faults = np.stack([table["faults.minor"], table["faults.major"]], axis=1)
    known = ~np.isnan(faults).all(axis=1)
    return np.where(known, np.nansum(faults, axis=1) * _per_second(digest), np.nan)


def _write_ratio(digest: Digest, machine: Machine, table: Table) -> Column:
    faults = np.nansum(np.stack([table["faults.minor"], table["faults.major"]], axis=1), axis=1)
    ratio: Column = np.divide(
        table["faults.write"], faults, out=np.full(len(table), np.nan), where=faults > 0
    )
    return ratio


def _wakeups_per_s(digest: Digest, machine: Machine, table: Table) -> Column:
    per_s: Column = table["sched.wakeups"] * _per_second(digest)
    return per_s


def _cpu_ratio(digest: Digest, machine: Machine, table: Table) -> Column:
    ratio: Column = table["sched.run_ns"] * _per_second(digest) / 1e9
    return ratio


def _total_bytes(digest: Digest, machine: Machine, table: Table) -> Column:
    sizes = table[NODE_BYTES]
    return np.where(np.isnan(sizes).all(axis=1), table["memory.current_bytes"], np.nansum(sizes, axis=1))


def _fast_tier_ratio(digest: Digest, machine: Machine, table: Table) -> Column:
    sizes, fastest = table[NODE_BYTES], machine.tiers[0].nodes
    total = np.nansum(sizes, axis=1)
    fast = np.nansum(sizes[:, [node in fastest for node in digest.node_ids]], axis=1)
    ratio: Column = np.divide(fast, total, out=np.full(len(table), np.nan), where=total > 0)
    return ratio


#: Column by column; NaN where the kernel cannot tell.
_DERIVED: dict[str, Callable[[Digest, Machine, Table], Column]] = {
    "faults.per_s": _faults_per_s,
    "faults.write_ratio": _write_ratio,
    "sched.wakeups_per_s": _wakeups_per_s,
    "sched.cpu_ratio": _cpu_ratio,
    "memory.total_bytes": _total_bytes,
    "memory.fast_tier_ratio": _fast_tier_ratio,
}

#: Every figure of a workload, but for ``memory.node_bytes``, which is several.
FIGURES = (*COLUMNS, *_DERIVED)
