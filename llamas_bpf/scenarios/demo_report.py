"""What a person wants to know after the demo: seen, hinted, refused, written, and before and after."""

import json
from collections import Counter
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
    console.print(_seen(windows))
    console.print(Text("What was hinted, and why", style="bold"))
    for hint in _hints(windows):
        console.print(hint)
    console.print()
    console.print(_writes(windows))
    table = _before_after(before, after, restored)
    table.add_section()
    table.add_row("hot: waits for a CPU, p99", *_waits(windows), "")
    table.add_row("hot: its own p99 latency", *_latencies(latency, started_s), "")
    console.print(table)


def _seen(windows: Windows) -> Table:
    """The workloads as the first windows saw them, before anything was changed."""
    table = Table(title="What was seen", title_justify="left")
    for heading in ("", "faults/s", "in order", "wake-ups/s", "CPUs used", "memory"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name in NAMES:
        cells = (
            shown.figure("", _median(windows[:5], name, "faults", "per_s")),
            shown.figure("_ratio", _median(windows[:5], name, "faults", "sequential_ratio")),
            shown.figure("", _median(windows[:5], name, "sched", "wakeups_per_s")),
            shown.figure("", _median(windows[:5], name, "sched", "cpu_ratio")),
            shown.figure("_bytes", _median(windows[:5], name, "memory", "total_bytes")),
        )
        table.add_row(name, *cells)
    return table


def _hints(windows: Windows) -> list[Text]:
    """Each hint once, with how often it was given and what came of it the last time."""
    last: dict[tuple[str, str, str], Text] = {}
    times: Counter[tuple[str, str, str]] = Counter()
    for window in windows:
        for decision in window["decisions"]:
            fates = _fates(decision["id"], window)
            key = (decision["hint"]["kind"], decision["name"] or "", fates[0][1] if fates else "")
            times[key] += 1
            last[key] = _hint(decision, fates, times[key])
    return list(last.values())


def _hint(decision: dict[str, Any], fates: list[tuple[str, str]], times: int) -> Text:
    hint = decision["hint"]
    text = Text(f"#{decision['id']} ")
    text.append(f"{hint['kind']} {shown.plain(decision['name'] or 'machine')}", style="bold")
    text.append(f" ({decision['advisor']}): {shown.plain(hint['reason'])}")
    for words, style in fates:
        text.append(f"\n   {words}", style=style)
    if times > 1:
        text.append(f"\n   and {times - 1} times before", style="dim")
    return text


def _fates(number: int, window: dict[str, Any]) -> list[tuple[str, str]]:
    """What became of one decision: words, and their colour."""
    found = [
        (f"refused: {shown.plain(refusal['sentence'])}", "yellow")
        for refusal in window["refusals"]
        if refusal["hint_id"] == number
    ]
    for applied in window["applied"]:
        if applied["action"]["hint_id"] == number:
            target = shown.target(applied["action"]["target"])
            detail = f" ({shown.plain(applied['detail'])})" if applied["detail"] else ""
            found.append((f"{applied['status']}: {target} = {applied['action']['value']}{detail}", "green"))
    return found


def _waits(windows: Windows) -> tuple[str, str]:
    parts = (windows[:5], windows[-5:])
    early, late = (_median(part, "hot", "sched", "runqueue_p99_ns") for part in parts)
    return shown.figure("_ns", early), shown.figure("_ns", late)


def _median(windows: Windows, name: str, group: str, figure: str) -> float | None:
    rows = [row for window in windows for row in window["workloads"] if row["name"] == name]
    known = [row[group][figure] for row in rows if row[group][figure] is not None]
    return median(known) if known else None


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
    before: dict[str, Snapshot], after: dict[str, Snapshot], restored: dict[str, Snapshot]
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
    return table


def _latencies(path: Path, started_s: float) -> tuple[str, str]:
    """Medians of the service's own per-second p99, before the controller and in its last third."""
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    early = [row["p99_ms"] for row in rows if row["at_s"] < started_s]
    late = [row["p99_ms"] for row in rows if row["at_s"] >= started_s]
    late = late[-max(len(late) // 3, 1) :]
    first, last = (f"{median(part):.1f} ms" if part else "unknown" for part in (early, late))
    return first, last


def _one(here: Machine, cgroup: Path) -> Snapshot:
    sizes = of_cgroup(cgroup).node_bytes
    fast = sum(size for node, size in sizes.items() if node in here.tiers[0].nodes)
    return Snapshot(
        fast_ratio=fast / max(sum(sizes.values()), 1),
        node_bytes=sizes,
        cpus=(cgroup / "cpuset.cpus.effective").read_text(encoding="ascii").strip(),
        mems=(cgroup / "cpuset.mems.effective").read_text(encoding="ascii").strip(),
    )
