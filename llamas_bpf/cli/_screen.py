"""What ``run`` shows: decisions on stdout as they are taken, talk and progress on stderr."""

import dataclasses
import json
import sys
import time
from types import TracebackType
from typing import Any, Self

import click
import numpy as np

from llamas_bpf import shown
from llamas_bpf.contracts.decision import Decision
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.features import workload_features


class Screen:
    """One line per hint and per thing that came of it; with JSON, one line per window."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._live = sys.stderr.isatty()
        self._said: set[str] = set()
        self._in_progress = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_progress()

    def say(self, sentence: str) -> None:
        """Talk, on stderr."""
        self._end_progress()
        click.echo(f"llamas-bpf: {shown.block(sentence)}", err=True)

    def window(self, report: WindowReport) -> None:
        """Show one window's decisions, then the progress line."""
        for degradation in report.degradations:
            if degradation not in self._said:
                self._said.add(degradation)
                self.say(degradation)
        if self._json:
            click.echo(json.dumps(window_json(report)))
        else:
            for line in lines(report):
                self._end_progress()
                click.echo(line)
        if self._live:
            self._progress(report)

    def _progress(self, report: WindowReport) -> None:
        digest, table = report.situation.digest, report.situation.digest.table
        faults, switches = (int(np.nansum(table[name])) for name in ("faults.minor", "sched.switches"))
        line = (
            f"window {report.situation.number}: {len(digest.workloads)} workloads, {faults} faults, "
            f"{switches} switches, {sum(digest.lost.values())} lost, "
            f"{len(report.situation.in_force)} in force"
        )
        click.echo(f"\r{line[:79]:<79}", nl=False, err=True)
        self._in_progress = True

    def _end_progress(self) -> None:
        if self._in_progress:
            click.echo("", err=True)
            self._in_progress = False


def lines(report: WindowReport) -> list[str]:
    """The window's decisions in words; empty where nothing was decided."""
    found: list[str] = []
    for decision in report.decisions:
        found += _decision_lines(decision, report)
    for outcome in report.outcomes:
        undone = ", undone" if outcome.undone else ""
        found.append(f"      {outcome.action_id} {outcome.verdict}{undone}: {shown.plain(outcome.reason)}")
    for entry in report.restored:
        left = f"left alone: {entry.skipped}" if entry.skipped else f"back to {entry.value!r}"
        found.append(f"      {entry.action_id} {shown.plain(f'{entry.target}: {left} ({entry.reason})')}")
    return found


def window_json(report: WindowReport) -> dict[str, Any]:
    """What ``run --json`` prints for one window."""
    names = {workload.id: workload.name for workload in report.situation.digest.workloads}
    return {
        "window": report.situation.number,
        "advisor": report.advisor,
        "in_force": len(report.situation.in_force),
        "workloads": _started_by_exec(report),
        "decisions": [
            {
                "id": decision.id,
                "advisor": decision.advisor,
                "name": names.get(getattr(decision.hint, "workload", None) or ""),
                "hint": decision.hint.model_dump(mode="json"),
            }
            for decision in report.decisions
        ],
        "refusals": [refusal.model_dump(mode="json") for refusal in report.refusals],
        "applied": [applied.model_dump(mode="json") for applied in report.applied],
        "restored": [dataclasses.asdict(entry) for entry in report.restored],
        "outcomes": [outcome.model_dump(mode="json") for outcome in report.outcomes],
        "degradations": list(report.degradations),
        "lost": report.situation.digest.lost,
        "stage_seconds": {name: round(spent, 6) for name, spent in report.stage_seconds.items()},
    }


def _started_by_exec(report: WindowReport) -> list[dict[str, Any]]:
    digest, machine = report.situation.digest, report.situation.machine
    return [
        workload_features(digest, machine, row)
        for row, workload in enumerate(digest.workloads)
        if workload.started_by_exec
    ]


def _decision_lines(decision: Decision, report: WindowReport) -> list[str]:
    names = {workload.id: workload.name for workload in report.situation.digest.workloads}
    who = getattr(decision.hint, "workload", None)
    about = f"{who} {shown.plain(names.get(who, '?'), 32)}" if who else "machine"
    clock = time.strftime("%H:%M:%S")
    found = [
        f"{clock} #{decision.id} {about}: {decision.hint.kind} ({decision.advisor}, "
        f"{decision.hint.confidence:.0%})",
        f"      because {shown.plain(decision.hint.reason)}",
    ]
    found += [
        f"      refused: {shown.plain(refusal.sentence)}"
        for refusal in report.refusals
        if refusal.hint_id == decision.id
    ]
    for applied in report.applied:
        if applied.action.hint_id == decision.id:
            target = shown.target(applied.action.target.model_dump(mode="json"))
            change = f"{target}: {applied.old!r} -> {applied.new or applied.action.value!r}"
            detail = f": {shown.plain(applied.detail)}" if applied.detail else ""
            found.append(f"      {applied.status.replace('_', ' ')}: {shown.plain(change)}{detail}")
    return found
