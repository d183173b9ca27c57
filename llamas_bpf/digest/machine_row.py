"""The machine's own row of a digest: what no workload alone can show."""

from functools import cache
from pathlib import Path
from typing import Any

from llamas_bpf.contracts.events import Counts, EventBatch
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.digest.kernel_files import pressure, read
from llamas_bpf.machine.nodes import meminfo
from llamas_bpf.native.probe import kernel_enum

_TIERING = {"demoted_pages": "pgdemote_", "promoted_pages": "pgpromote_success"}


def counters(machine: Machine) -> dict[str, float]:
    """Everything that only ever grows: stalls in µs, idle CPU time in ns, pages moved between tiers."""
    found: dict[str, float] = {}
    for name in ("cpu", "memory", "io"):
        found |= pressure(read(Path(f"/proc/pressure/{name}")), name)
    first = (read(Path("/proc/stat")) or "cpu 0 0 0 0 0").split()
    # Ticks of 10 ms (USER_HZ, proc_stat(5)): idle is field 4, iowait field 5.
    found["idle_ns"] = (float(first[4]) + float(first[5])) * 1e7
    for line in (read(Path("/proc/vmstat")) or "").splitlines():
        name, value = line.split()
        for column, prefix in _TIERING.items():
            if name.startswith(prefix):
                found[column] = found.get(column, 0.0) + float(value)
    return found


def row(machine: Machine, added: dict[str, float], batch: EventBatch, window_ns: int) -> dict[str, Any]:
    """The JSON of the design; ``added`` is what the counters grew by in the window."""
    idle = added.get("idle_ns", 0.0) / (window_ns * len(machine.cpus))
    return {
        "cpus": len(machine.cpus),
        "cpu_busy_ratio": round(min(max(1.0 - idle, 0.0), 1.0), 4),
        "psi": {
            name: round(min(added[f"psi.{name}"] * 1e3 / window_ns, 1.0), 6)
            if f"psi.{name}" in added
            else None
            for name in ("cpu_some_ratio", "memory_some_ratio", "memory_full_ratio", "io_some_ratio")
        },
        "nodes": {str(node.id): sizes for node in machine.nodes if (sizes := _node(node.id))},
        "tiering": {
            "demotion_enabled": _demotion(),
            "numa_balancing": _number(Path("/proc/sys/kernel/numa_balancing")),
            **{name: _whole(added.get(name)) for name in _TIERING},
        },
        "kswapd": _kswapd(batch.counts.get("kswapd")),
        "page_migrations": _page_migrations(batch.counts.get("page_migrations")),
        "oom_kills": _oom_kills(batch.counts.get("oom")),
        "sampling": dict(batch.period),
        "unattributed": dict(batch.unattributed),
    }


def _kswapd(counts: Counts | None) -> dict[str, int] | None:
    """Over all nodes."""
    if counts is None:
        return None
    return {name: int(counts.values[name].sum()) for name in ("wakes", "awake_ns")}


def _oom_kills(counts: Counts | None) -> int | None:
    """Of everyone: some kernels do not tell whose cgroup the victim was in (bpf/oom.bpf.c)."""
    return None if counts is None else int(counts.values["kills"].sum())


def _page_migrations(counts: Counts | None) -> dict[str, int] | None:
    """Pages moved, by the kernel's reason: ``demotion``, ``numa_misplaced`` …"""
    if counts is None:
        return None
    names = _reasons()
    moved = zip(counts.keys.tolist(), counts.values["moved"].tolist(), strict=True)
    return {names.get(reason, f"reason_{reason}"): pages for reason, pages in moved if pages}


@cache
def _reasons() -> dict[int, str]:
    """Their numbers differ from kernel to kernel, so they are looked up in this one."""
    reasons = kernel_enum("migrate_reason").items()
    return {number: name.removeprefix("MR_").lower() for name, number in reasons}


def _node(node: int) -> dict[str, int] | None:
    """None for a node that went offline since the machine was read."""
    try:
        sizes = meminfo(node)
    except OSError:
        return None
    return {"total_bytes": sizes["MemTotal"], "free_bytes": sizes["MemFree"]}


def _demotion() -> bool | None:
    text = read(Path("/sys/kernel/mm/numa/demotion_enabled"))
    return None if text is None else text.strip() in ("true", "1")


def _number(path: Path) -> int | None:
    text = read(path)
    return None if text is None else int(text)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
