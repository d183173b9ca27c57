"""What a person wants to know after the demo: seen, hinted, refused, written, and before and after."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table
from rich.text import Text

from llamas_bpf import shown
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.digest.kernel_files import of_cgroup

NAMES = ("hot", "stream")
Windows = list[dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """One workload as the kernel's own files tell it: where its pages are, and where it may run."""

    fast_ratio: float
    node_bytes: dict[int, int]
    cpus: str
    mems: str


def take(here: Machine) -> dict[str, Snapshot]:
    """Both workloads now: ``memory.numa_stat``, ``cpuset.cpus.effective``, ``cpuset.mems.effective``."""
    return {name: _one(here, Path(here.cgroup_mount or "") / "llamas-bpf" / name) for name in NAMES}


def show(
    before: dict[str, Snapshot],
    after: dict[str, Snapshot],
    restored: dict[str, Snapshot],
    windows: Windows,
    latency: Path,
    started_s: float,
) -> None:
    """Print the report; ``started_s`` (CLOCK_MONOTONIC) parts the service's latencies in before and after."""
    console = shown.console(width=80)
    console.print()
    console.print(Text("What was hinted, and why", style="bold"))
    for window in windows:
        for decision in window["decisions"]:
            console.print(_hint(decision, window))
    console.print(_writes(windows))
    console.print(_before_after(before, after, restored, latency, started_s))


def _hint(decision: dict[str, Any], window: dict[str, Any]) -> Text:
    hint, number = decision["hint"], decision["id"]
    text = Text(f"#{number} ")
    text.append(f"{hint['kind']} {shown.plain(decision['name'] or 'machine')}", style="bold")
    text.append(f" ({decision['advisor']}): {shown.plain(hint['reason'])}")
    for refusal in window["refusals"]:
        if refusal["hint_id"] == number:
            text.append(f"\n   refused: {shown.plain(refusal['sentence'])}", style="yellow")
    for applied in window["applied"]:
        if applied["action"]["hint_id"] == number:
            text.append(f"\n   {applied['status']} {shown.plain(applied['detail'])}", style="green")
    return text


def _writes(windows: Windows) -> Table:
    table = Table(title="What was written where", title_justify="left")
    for heading in ("#", "what", "before", "written"):
        table.add_column(heading, overflow="fold")
    verdicts = {entry["action_id"]: entry for window in windows for entry in window["outcomes"]}
    table.add_column("verdict", overflow="fold")
    for window in windows:
        for applied in window["applied"]:
            if applied["status"] == "applied":
                verdict = verdicts.get(applied["action"]["id"], {}).get("verdict", "")
                cells = (applied["action"]["id"], shown.target(applied["action"]["target"]))
                table.add_row(*cells, applied["old"] or "(all)", applied["new"] or "(done)", verdict)
    return table


def _before_after(
    before: dict[str, Snapshot],
    after: dict[str, Snapshot],
    restored: dict[str, Snapshot],
    latency: Path,
    started_s: float,
) -> Table:
    table = Table(title="Before and after, from the kernel's own files", title_justify="left")
    for heading in ("", "before", "while in force", "after the end"):
        table.add_column(heading)
    for name in NAMES:
        table.add_section()
        views = (before[name], after[name], restored[name])
        table.add_row(f"{name}: share in fast memory", *(f"{view.fast_ratio:.1%}" for view in views))
        for node in sorted(before[name].node_bytes):
            sizes = (f"{view.node_bytes.get(node, 0) >> 20} MiB" for view in views)
            table.add_row(f"{name}: on node{node}", *sizes)
        table.add_row(f"{name}: CPUs", *(view.cpus for view in views))
        table.add_row(f"{name}: memory nodes", *(view.mems for view in views))
    table.add_section()
    table.add_row("hot: its own p99 latency", *_latencies(latency, started_s), "")
    return table


def _latencies(path: Path, started_s: float) -> tuple[str, str]:
    """Medians of the service's own per-second p99, before the controller and in its last third."""
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    early = [row["p99_ms"] for row in rows if row["at_s"] < started_s]
    late = [row["p99_ms"] for row in rows if row["at_s"] >= started_s]
    late = late[-max(len(late) // 3, 1) :]
    return tuple(f"{median(part):.1f} ms" if part else "unknown" for part in (early, late))  # type: ignore[return-value]


def _one(here: Machine, cgroup: Path) -> Snapshot:
    sizes = of_cgroup(cgroup).node_bytes
    fast = sum(size for node, size in sizes.items() if node in here.tiers[0].nodes)
    return Snapshot(
        fast_ratio=fast / max(sum(sizes.values()), 1),
        node_bytes=sizes,
        cpus=(cgroup / "cpuset.cpus.effective").read_text(encoding="ascii").strip(),
        mems=(cgroup / "cpuset.mems.effective").read_text(encoding="ascii").strip(),
    )
