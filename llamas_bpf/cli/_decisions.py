"""What ``explain`` prints. All text goes through ``shown``: names and answers are not to be trusted."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from llamas_bpf import fingerprint, shown

Json = dict[str, Any]

_HINT_OWN = ("kind", "workload", "reason", "confidence", "expect", "ttl_s")


def table(found: Sequence[Json], state: Path) -> None:
    """One line a decision."""
    if not found:
        shown.console().print(f"no decisions in {shown.plain(state)} yet")
        return
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("ID", "Time", "Advisor", "Hint", "Workload", "Outcome"):
        rows.add_column(title, overflow="fold")
    for row in found:
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(row["at_s"]))
        cells = (row["id"], when, row["advisor"], row["hint"]["kind"], _who(row), row["became"])
        rows.add_row(*(Text(shown.plain(cell, limit=24)) for cell in cells))
    shown.console().print(rows)


def one(found: Json) -> None:
    """A decision from events to outcome."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found["at_s"]))
    _line(f"Decision {found['id']}: {found['became']}", style="bold")
    _line(f"window {found['window']} of run {found['run']}, {when}", 2)
    _seen(found)
    _asked(found["exchange"])
    _hinted(found)
    _checked(found["applied"], found["refused"])
    _written(found["applied"])
    _judged(found["judged"])
    _restored(found["restored"])
    _learnt(found["judged"])


def _seen(found: Json) -> None:
    _heading("Seen")
    seen = found["seen"]
    if seen is None:
        _line("the window was not kept", 2)
        return
    workload = seen["workload"]
    if workload:
        where = f", cgroup {workload['cgroup']}" if workload["cgroup"] else ""
        _line(f"{_who(found)}{where}, {len(workload['pids'])} processes", 2)
        _figures(workload)
    _line("machine", 2)
    _figures(seen["machine"])
    lost = {kind: count for kind, count in seen["lost"].items() if count}
    _line("events lost: " + (", ".join(f"{n} {kind}" for kind, n in lost.items()) or "none"), 2)
    for degradation in seen["degradations"]:
        _line(f"not available: {degradation}", 2)


def _asked(exchange: Json | None) -> None:
    if exchange is None:
        return
    _heading("Asked")
    tokens = f"{exchange['prompt_tokens']} + {exchange['completion_tokens']} tokens"
    latency = shown.figure("_ns", exchange["latency_ns"])
    _line(f"model {exchange['model']}: {exchange['status']} in {latency}, {tokens}", 2)
    if exchange["detail"]:
        _line(exchange["detail"], 2)
    for message in exchange["prompt"]:
        content = message.get("content")
        _line(f"{message.get('role')}:", 2)
        _block(content if isinstance(content, str) else json.dumps(content))
    _line("answer:", 2)
    _block(exchange["answer"] or "(none)")


def _hinted(found: Json) -> None:
    hint = found["hint"]
    _heading("Hinted")
    what = ", ".join(
        f"{key} {_value(value)}" for key, value in hint.items() if key not in _HINT_OWN and value is not None
    )
    _line(f"{hint['kind']} {_who(found)}{': ' if what else ''}{what}", 2)
    _line(f"because: {hint['reason']}", 2)
    if hint["expect"]:
        _line(f"hoping for: {hint['expect']['metric']} {hint['expect']['direction']}", 2)
    _line(f"by {found['advisor']}, confidence {hint['confidence']:.0%}, for {hint['ttl_s']} s", 2)


def _checked(applied: Sequence[Json], refused: Sequence[Json]) -> None:
    """What was planned, what the guard or the plan said to it, and what only the operator can do."""
    refusals = [step for step in refused if step["check"] != "advice"]
    if applied or refusals:
        _heading("Checked")
    for step in applied:
        _line(f"{_planned(step['action'])}accepted", 2)
    for step in refusals:
        _line(f"{_planned(step['action'])}refused: {step['sentence']} ({step['check']})", 2)
    advice = [step for step in refused if step["check"] == "advice"]
    if advice:
        _heading("For the operator")
    for step in advice:
        _line(f"{_planned(step['action'])}{step['sentence']}", 2)


def _planned(action: Json | None) -> str:
    return f"{action['id']}  {shown.target(action['target'])} = {action['value']}: " if action else ""


def _written(applied: Sequence[Json]) -> None:
    if applied:
        _heading("Written" if any(step["status"] == "applied" for step in applied) else "Not written")
    for step in applied:
        action = step["action"]
        change = f"{_value(step['old'])} -> {_value(step['new'] or action['value'])}"
        detail = f": {step['detail']}" if step["detail"] else ""
        status = step["status"].replace("_", " ")
        _line(f"{action['id']}  {shown.target(action['target'])}  {change}  {status}{detail}", 2)


def _judged(judged: Sequence[Json]) -> None:
    if not judged:
        return
    # A decision's actions are judged together: what is said of one is said of all.
    outcome = judged[-1]
    _heading(f"Judged in window {outcome['window']}")
    _line(f"{outcome['verdict']}: {outcome['reason']}", 2)
    changes = [outcome["expected"], *outcome["safety"]]
    rows = Table(box=None, pad_edge=False)
    for title in ("metric", "before", "after", "noise"):
        rows.add_column(title, justify="left" if title == "metric" else "right")
    for change in changes:
        if change:
            figures = (shown.figure(change["metric"], change[key]) for key in ("before", "after", "noise"))
            rows.add_row(shown.plain(change["metric"]), *figures)
    if rows.row_count:
        shown.console().print(Padding(rows, (0, 0, 0, 4), expand=False))


def _learnt(judged: Sequence[Json]) -> None:
    """One lesson a decision. Outcomes of older versions have none."""
    if not judged or not judged[-1].get("gist"):
        return
    outcome = judged[-1]
    _heading("Learnt")
    like = fingerprint.in_words(outcome["situation"])
    _line(f"{outcome['gist']} {outcome['verdict']} where the features are in buckets like {like}", 2)


def _restored(restored: Sequence[Json]) -> None:
    if restored:
        _heading("Put back")
    for step in restored:
        what = f"left alone: {step['skipped']}" if step["skipped"] else f"-> {_value(step['value'])}"
        what = "failed, to be tried again" if step.get("failed") else what
        _line(f"{step['action_id']}  {step['target']}  {what} ({step['reason']})", 2)


def _who(found: Json) -> str:
    """``w3 NAME``, or the machine."""
    workload = found["hint"].get("workload")
    if not workload:
        return "machine"
    seen = (found["seen"] or {}).get("workload")
    return f"{workload} {seen['name']}" if seen else str(workload)


def _figures(nested: Json) -> None:
    """All that is known and not zero, in two columns."""
    known = [(name, value) for name, value in _flat(nested) if value]
    grid = Table.grid(padding=(0, 3))
    for left, right in zip(known[::2], [*known[1::2], None], strict=False):
        cells = [cell for pair in (left, right) if pair for cell in (pair[0], shown.figure(*pair))]
        grid.add_row(*(Text(shown.plain(cell)) for cell in cells))
    shown.console().print(Padding(grid, (0, 0, 0, 4), expand=False))


def _flat(nested: Json, prefix: str = "") -> Iterator[tuple[str, float]]:
    for key, value in nested.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}", value


def _value(value: object) -> str:
    if value in (None, ""):
        return "(empty)"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _heading(text: str) -> None:
    shown.console().print()
    _line(text, style="bold")


def _line(text: str, indent: int = 0, style: str = "") -> None:
    shown.console().print(Padding(Text(shown.plain(text), style=style), (0, 0, 0, indent), expand=False))


def _block(text: str) -> None:
    shown.console().print(Padding(Text(shown.block(text)), (0, 0, 0, 4), expand=False))
