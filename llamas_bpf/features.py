"""The quantities that rules, prompts, guard and verdicts speak in: features, never device names.

A workload's features are its digest row plus, per group:
``memory.fast_tier_ratio`` (its bytes on tier 0 / all its bytes), ``memory.total_bytes``,
``sched.cpu_ratio`` (CPUs' worth of run time), ``sched.wakeups_per_s``, ``faults.per_s``.
"""

from typing import Any

from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.digest.as_json import Json, row_json


def workload_features(digest: Digest, machine: Machine, row: int) -> Json:
    """One workload's row with the derived quantities; None where the kernel cannot tell."""
    shown = row_json(digest, row)
    shown["started_by_exec"] = digest.workloads[row].started_by_exec
    seconds = (digest.end_ns - digest.start_ns) / 1e9
    faults, sched, memory = shown["faults"], shown["sched"], shown["memory"]
    faults["per_s"] = _per_second(_sum(faults["minor"], faults["major"]), seconds)
    sched["wakeups_per_s"] = _per_second(sched["wakeups"], seconds)
    sched["cpu_ratio"] = _per_second(sched["run_ns"], seconds * 1e9)
    sizes = memory["node_bytes"]
    known = [size for size in sizes.values() if size is not None]
    memory["total_bytes"] = sum(known) if known else memory["current_bytes"]
    memory["fast_tier_ratio"] = _fast_ratio(sizes, machine) if sum(known) else None
    return shown


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


def _fast_ratio(sizes: dict[str, float | None], machine: Machine) -> float:
    fast = {str(node) for node in machine.tiers[0].nodes}
    total = sum(size or 0 for size in sizes.values())
    return round(sum(size or 0 for node, size in sizes.items() if node in fast) / total, 6)


def _per_second(count: float | None, seconds: float) -> float | None:
    return None if count is None or seconds <= 0 else round(count / seconds, 6)


def _sum(*counts: float | None) -> float | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
