"""The main job, shown to a person: two workloads, two tiers of memory, one controller.

``make demo`` runs this in the lab's ``tiers`` guest. The story is one that operators know: a batch job that
streams has taken all the fast memory, and the service whose memory is touched again and again came too late
to get any. What is shown at the end is read from the kernel's own files and from what the controller said.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from llamas_bpf import machine
from llamas_bpf.advise.model import endpoint
from llamas_bpf.config import Config
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine.nodes import meminfo
from llamas_bpf.scenarios.demo_report import NAMES, Snapshot, show, take

MIB = 1 << 20
#: How long the workloads may take to reach the state in which the story starts, under emulation.
WARM_UP_S = 120


@click.command()
@click.option("--seconds", type=int, help="how long the controller runs  [default: 60; with a model 90]")
@click.option("--hot-mib", default=96, show_default=True, help="size of the service's hot set")
@click.option("--out", type=click.Path(path_type=Path), default=os.environ.get("OUT", "build/demo"))
def main(seconds: int | None, hot_mib: int, out: Path) -> None:
    """Run the story and say what happened."""
    # Under emulation, importing a model's client alone takes up to half a minute beside busy workloads.
    seconds = seconds or (90 if endpoint.configured(Config()) else 60)
    out.mkdir(parents=True, exist_ok=True)
    here = machine.read()
    if len(here.tiers) < 2 or not {"cpuset", "memory"} <= set(here.cgroup_controllers):
        raise SystemExit("this needs two memory tiers and cgroup v2: llamas-bpf lab run --topology tiers")
    fast = sum(node.total_bytes for node in here.nodes if node.tier == 0)
    latency = out / "latency.jsonl"
    with workload("stream", "--mib", str(fast // MIB)):
        until(lambda: fast_free(here) < 0.06 * fast, "the streaming job takes the fast memory")
        with workload("hot", "--mib", str(hot_mib), "--out", str(latency)):
            until(latency.exists, "the service builds its hot set, and starts to serve")
            time.sleep(5)
            before, started = take(here), time.monotonic()
            click.echo(f"… the controller starts: {shares(before)}", err=True)
            after, windows = control(here, seconds, out)
            restored = take(here)
    show(before, after, restored, windows, latency, started)


@contextmanager
def workload(name: str, *options: str) -> Iterator[None]:
    """One of our programs, started as an operator would start it."""
    program = [sys.executable, "-m", f"llamas_bpf.scenarios.{name}", *options]
    with subprocess.Popen(["llamas-bpf", "exec", "--name", name, "--", *program]) as process:
        try:
            yield
        finally:
            process.terminate()


def until(reached: Callable[[], bool], words: str) -> None:
    """Wait for a state of the machine, and say what is waited for."""
    click.echo(f"… {words}", err=True)
    deadline = time.monotonic() + WARM_UP_S
    while not reached():
        if time.monotonic() > deadline:
            raise SystemExit(f"after {WARM_UP_S} s still not there: {words}")
        time.sleep(0.5)


def fast_free(here: Machine) -> int:
    """Free bytes on the nodes of the fastest tier."""
    return sum(meminfo(node)["MemFree"] for node in here.tiers[0].nodes)


def control(here: Machine, seconds: int, out: Path) -> tuple[dict[str, Snapshot], list[dict[str, Any]]]:
    """Run the controller. Gives the kernel's view from while its settings were in force, and what it said."""
    command = [
        "llamas-bpf",
        "run",
        "--enforce",
        "--json",
        "--duration",
        str(seconds),
        "--state",
        str(out / "state"),
    ]
    windows: list[dict[str, Any]] = []
    after = take(here)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        for line in controller.stdout:
            windows.append(json.loads(line))
            # Each window anew: the last one is from before everything is put back.
            after = take(here)
            progress(windows[-1], after)
    click.echo("", err=True)
    if controller.returncode:
        raise SystemExit(f"the controller ended with status {controller.returncode}")
    return after, windows


def progress(window: dict[str, Any], now: dict[str, Snapshot]) -> None:
    """One line, overwritten each window."""
    line = f"window {window['window']}: {shares(now)}; {window['in_force']} settings in force"
    click.echo(f"\r{line:<79}", nl=False, err=True)


def shares(now: dict[str, Snapshot]) -> str:
    """How much of each is in fast memory."""
    return "in fast memory " + ", ".join(f"{now[name].fast_ratio:4.0%} of {name}" for name in NAMES)


if __name__ == "__main__":
    main()
