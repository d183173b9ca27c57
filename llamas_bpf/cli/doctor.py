"""``doctor``: what this machine is, what works here, and what is missing because of what."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.config import BackendName, Config, load
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.shown import plain

if TYPE_CHECKING:
    from llamas_bpf.advise.model.endpoint import Endpoint

MIB = 1 << 20


@click.command()
@options.backend
@options.config
@options.as_json
@click.option(
    "--no-model", is_flag=True, help="Do not ask the model, where one is configured, a short question."
)
def command(backend: BackendName | None, config: Path | None, as_json: bool, no_model: bool) -> int:
    """Say what works on this kernel, and what is missing.

    Where a model is configured, it is asked one short question (5 s at most).

    Exit status 3 when the kernel cannot be watched at all.
    """
    from llamas_bpf import machine

    settings = options.with_backend(load(config), backend)
    found = machine.read()
    checks = _checks(found, settings, no_model)
    if as_json:
        click.echo(json.dumps({"machine": found.model_dump(mode="json"), "checks": checks}))
    else:
        _show_machine(found)
        _show_checks(checks)
    return 0 if any(check["ok"] for check in checks if check["group"] == "watching") else 3


def _checks(machine: Machine, config: Config, no_model: bool) -> list[dict[str, Any]]:
    """Each check: its group, name, whether it is there, and a sentence."""
    from llamas_bpf import heat

    rows = [*_watching_checks(config), _cgroup_check(machine)]
    of_kernel = [*machine.capabilities, heat.capability()]
    rows += [_check("kernel", entry.name, entry.available, entry.detail) for entry in of_kernel]
    rows += [_model_check(config, no_model), *_advisor_checks(config)]
    return rows


def _watching_checks(config: Config) -> list[dict[str, Any]]:
    from llamas_bpf.sense.backends import backend, states
    from llamas_bpf.sense.capabilities import capabilities
    from llamas_bpf.sense.errors import SenseError

    loaders = [
        _check("loading", state.name, state.usable, state.detail) for state in states(config.sense.backend)
    ]
    try:
        opener = backend(config.sense.backend)
    except SenseError as error:
        return [*loaders, _check("watching", "everything", False, str(error))]
    rows = []
    for found in capabilities(opener=opener):
        where = f"hooks: {', '.join(found.hooks)}" if found.hooks else ""
        detail = "; ".join(part for part in (where, found.missing) if part)
        rows.append(_check("watching", found.kind, found.usable, detail))
    return [*loaders, *rows]


def _cgroup_check(machine: Machine) -> dict[str, Any]:
    have = machine.cgroup_controllers
    if {"cpu", "memory"} & set(have):
        return _check("acting", "cgroup v2", True, f"at {machine.cgroup_mount}: {', '.join(have)}")
    where = f"cgroup v2 at {machine.cgroup_mount} has no cpu or memory controller (cgroup v1 holds them)"
    why = where if machine.cgroup_mount else "cgroup v2 is not mounted"
    return _check("acting", "cgroup v2", False, f"{why}: workloads are processes, steered by affinity only")


def _model_check(config: Config, no_model: bool) -> dict[str, Any]:
    from llamas_bpf.advise.model import endpoint
    from llamas_bpf.errors import LlamasError

    try:
        server = endpoint.configured(config)
    except LlamasError as error:
        return _check("deciding", "model", False, str(error))
    if server is None:
        return _check("deciding", "model", False, f"none: {endpoint.HOW}")
    if no_model:
        return _check("deciding", "model", True, f"{server}: not asked (--no-model)")
    return _check("deciding", "model", *_answers(server))


def _answers(server: "Endpoint") -> tuple[bool, str]:
    """Whether it does, and how. What it sends is read by a child without rights."""
    from llamas_bpf.advise.model import aside, capability
    from llamas_bpf.advise.model.answer import AnswerError

    click.echo(
        f"asking the model a short question, {capability.MOST_S:g} s at most (--no-model: not)", err=True
    )
    ask = capability.prepared(server, capability.MOST_S)

    def asked() -> str:
        try:
            return f"yes {ask()}"
        except AnswerError as error:
            return f"no {error}"

    said = aside.aside(asked, capability.MOST_S + 1) or f"no {server}: no answer, and no word of why"
    answers, _, sentence = said.partition(" ")
    return answers == "yes", sentence


def _advisor_checks(config: Config) -> list[dict[str, Any]]:
    from llamas_bpf import advise
    from llamas_bpf.errors import LlamasError
    from llamas_bpf.guard.limits import load_limits

    rows = []
    try:
        advise.build("rules", config)
        rows.append(_check("deciding", "rules", True, "policies/rules compile"))
    except LlamasError as error:
        rows.append(_check("deciding", "rules", False, str(error)))
    try:
        load_limits(config)
        rows.append(_check("deciding", "limits", True, "limits.toml is there"))
    except LlamasError as error:
        rows.append(_check("deciding", "limits", False, str(error)))
    return [*rows, _texts_check(config)]


def _texts_check(config: Config) -> dict[str, Any]:
    from llamas_bpf.errors import LlamasError
    from llamas_bpf.machine import profiles

    try:
        texts, wrong = profiles.texts(config)
    except LlamasError as error:
        return _check("deciding", "device texts", False, str(error))
    how = "" if texts else ': README, "Describe a device"'
    return _check("deciding", "device texts", not wrong, "; ".join(wrong) or f"{len(texts)} in use{how}")


def _check(group: str, name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"group": group, "name": name, "ok": ok, "detail": detail}


def _show_machine(machine: Machine) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Linux {machine.kernel}: {len(machine.cpus)} CPUs", title_justify="left")
    for heading in ("node", "tier", "size", "CPUs", "read", "write"):
        table.add_column(heading, justify="right")
    from llamas_bpf.machine import cpulist

    for node in machine.nodes:
        table.add_row(
            f"node{node.id}",
            f"{node.tier} ({machine.tiers[node.tier].kernel_name})",
            f"{node.total_bytes // MIB} MiB",
            cpulist.render(node.cpus) or "none",
            f"{node.read_latency_ns} ns" if node.read_latency_ns else "not told",
            f"{node.write_latency_ns} ns" if node.write_latency_ns else "not told",
        )
    Console().print(table)


def _show_checks(checks: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column("", width=3)
    table.add_column("what", no_wrap=True)
    table.add_column("detail", overflow="fold")
    group = None
    for check in checks:
        if check["group"] != group:
            group = check["group"]
            table.add_section()
            table.add_row("", Text(group, style="bold"), "")
        mark = Text("yes", style="green") if check["ok"] else Text("no", style="yellow")
        table.add_row(mark, check["name"], Text(plain(check["detail"])))
    Console().print(table)
