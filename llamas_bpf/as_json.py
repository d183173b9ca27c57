"""The JSON shape of a digest: names fixed, units in the names, null where the kernel cannot tell."""

import math
from typing import Any

from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest

Json = dict[str, Any]

#: ``faults.minor`` of the table becomes ``{"faults": {"minor": …}}``.
_PLACES = [tuple(column.split(".")) for column in COLUMNS]


def digest_json(digest: Digest) -> Json:
    """The whole digest, as one line of ``record``."""
    return {
        "window": {"start_ns": digest.start_ns, "end_ns": digest.end_ns},
        "machine": digest.machine,
        "lost": digest.lost,
        "workloads": [row_json(digest, row) for row in range(len(digest.workloads))],
    }


def row_json(digest: Digest, row: int) -> Json:
    """One workload."""
    workload = digest.workloads[row]
    shown: Json = {
        "id": workload.id,
        "name": workload.name,
        "cgroup": workload.cgroup,
        "pids": [process.pid for process in workload.processes],
        "started_by_exec": workload.started_by_exec,
        "does": list(workload.does),
        "cpu_node": workload.cpu_node,
    }
    # item() gives all columns as Python numbers at once: one by one is ten times slower.
    values = digest.table[row].item()
    for (group, name), value in zip(_PLACES, values, strict=False):
        shown.setdefault(group, {})[name] = number(value)
    shown["device"]["near"] = list(workload.near)
    sizes = digest.table[row][NODE_BYTES].tolist()
    shown["memory"]["node_bytes"] = {
        str(node): number(size) for node, size in zip(digest.node_ids, sizes, strict=True)
    }
    return shown


def number(value: float) -> float | int | None:
    """NaN, which says that the kernel cannot tell, as null; whole numbers without a point."""
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else round(value, 6)
