"""Figures that the kernel keeps itself: cgroupfs and procfs, read for one workload at a time.

Counters come as they stand; ``Counters`` turns them into what was added in the window. Whatever cannot be
read is simply not among the figures, and stays null in the digest.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from llamas_bpf import process_stat

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Figures:
    """``gauges`` are bytes now. ``counters`` only ever grow. ``node_bytes`` is resident memory per node."""

    gauges: dict[str, float] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)
    node_bytes: dict[int, int] = field(default_factory=dict)


def of_cgroup(directory: Path) -> Figures:
    """A cgroup v2's own accounting (Documentation/admin-guide/cgroup-v2.rst)."""
    found = Figures()
    if text := read(directory / "memory.current"):
        found.gauges["memory.current_bytes"] = float(text)
    stat = _pairs(read(directory / "memory.stat"))
    for column, names in _MEMORY_STAT.items():
        if known := [stat[name] for name in names if name in stat]:
            found.counters[column] = sum(known)
    if usage := _pairs(read(directory / "cpu.stat")).get("usage_usec"):
        found.counters["sched.run_ns"] = usage * 1e3
    for name in ("cpu", "memory", "io"):
        found.counters |= pressure(read(directory / f"{name}.pressure"), name)
    for line in (read(directory / "memory.numa_stat") or "").splitlines():
        kind, *sizes = line.split()
        if kind in ("anon", "file"):
            _add_nodes(found.node_bytes, sizes, 1)
    return found


def of_processes(pids: Iterable[int], several_nodes: bool) -> Figures:
    """The same, as far as procfs tells it, summed over processes."""
    found = Figures()
    for pid in pids:
        stat = process_stat.read(pid)
        if stat is None:
            continue
        _add(found.counters, "faults.major", stat.major_faults)
        _add(found.counters, "sched.run_ns", stat.cpu_ns)
        _add(found.gauges, "memory.current_bytes", stat.resident_bytes)
        if several_nodes:
            for line in (read(Path(f"/proc/{pid}/numa_maps")) or "").splitlines():
                _add_nodes(found.node_bytes, line.split(), PAGE_BYTES)
        else:
            found.node_bytes[0] = int(found.gauges["memory.current_bytes"])
    return found


def own_cgroup() -> str | None:
    """Ours: its figures hold the observer's own. None where there is no cgroup v2 (cgroups(7))."""
    lines = (read(Path("/proc/self/cgroup")) or "").splitlines()
    return next((line[len("0::") :] for line in lines if line.startswith("0::")), None)


def pressure(text: str | None, name: str) -> dict[str, float]:
    """Stall time so far, in µs: ``{"psi.memory_some_ratio": …}`` (Documentation/accounting/psi.rst)."""
    stalls = {}
    for line in (text or "").splitlines():
        kind, *fields = line.split()
        total = dict(word.split("=") for word in fields)["total"]
        stalls[f"psi.{name}_{kind}_ratio"] = float(total)
    return stalls


def read(path: Path) -> str | None:
    """A file's text; None where it is not, or no longer, there: workloads come and go while we look."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


_MEMORY_STAT = {
    "faults.major": ("pgmajfault",),
    "memory.refaults": ("workingset_refault_anon", "workingset_refault_file"),
    # Per cgroup since "mm,memcg: provide per-cgroup counters for NUMA balancing operations".
    "reclaim.demoted_pages": (
        "pgdemote_kswapd",
        "pgdemote_direct",
        "pgdemote_khugepaged",
        "pgdemote_proactive",
    ),
    "reclaim.promoted_pages": ("pgpromote_success",),
}


def _pairs(text: str | None) -> dict[str, float]:
    return {name: float(value) for name, value in (line.split() for line in (text or "").splitlines())}


def _add(into: dict[str, float], name: str, value: float) -> None:
    into[name] = into.get(name, 0.0) + value


def _add_nodes(into: dict[int, int], words: Iterable[str], unit: int) -> None:
    """``N0=12 N2=5`` in units of ``unit`` bytes."""
    for word in words:
        node, _, amount = word.partition("=")
        if amount and node[0] == "N" and node[1:].isdigit():
            into[int(node[1:])] = into.get(int(node[1:]), 0) + int(amount) * unit
