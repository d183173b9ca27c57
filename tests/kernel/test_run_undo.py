"""While ``run`` goes on, what has lived its time, and what did harm, is put back."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from controller import LLAMAS, Window, explain, quick, running, workload
from noisy_mix import CROWD, WINDOW_S, mix, starting_on
from openai_server import Handler, Scene, hints, serving
from planted import only, rule

# Says its own id and that of its child, and computes in both, for as long as their parents live.
SPIN = """
import os
parent, own = os.getppid(), os.getpid()
other = os.fork()
if other:
    print(own, other, flush=True)
while os.getppid() == (parent if other else own):
    sum(range(1000))
"""
ALL = os.sched_getaffinity(0)
LAST = max(ALL)

pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="kernel feature: a second CPU")


def when(wanted: threading.Event, name: str, hint: dict[str, Any]) -> Scene:
    """Gives the hint, for the workload of that name in the prompt, as long as ``wanted`` is set."""

    def scene(handler: Handler) -> None:
        question = json.dumps(handler.server.questions[-1]["messages"])
        found = re.search(rf'(w[0-9]+): \\\\?"{name}\\\\?"', question)
        hints(*([hint | {"workload": found[1]}] if found and wanted.is_set() else []))(handler)

    return scene


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """Asked every second, so that a hint is given as soon as it is wanted; and given for a short time too."""
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "limits.toml").write_text("min_ttl_s = 5\n")
    config = quick(tmp_path, f"policies = '{policies}'\n[llm]\nask_every_s = 1\n")
    return ("--enforce", "--advisor", "llm", "--state", str(tmp_path / "state"), *config)


@contextmanager
def spinning(name: str) -> Iterator[list[int]]:
    with workload(name, sys.executable, "-c", SPIN) as spin:
        assert spin.stdout is not None
        yield [int(word) for word in spin.stdout.readline().split()]


def masks(processes: list[int]) -> list[set[int]]:
    return [os.sched_getaffinity(process) for process in processes]


def applied(window: Window) -> bool:
    return any(entry["status"] == "applied" for entry in window["applied"])


def test_what_has_lived_its_time_is_put_back(options: tuple[str, ...]) -> None:
    wanted = threading.Event()
    wanted.set()
    hint = {"kind": "place_cpu", "cpus": [LAST], "ttl_s": 5}
    with (
        spinning("spin-ttl") as processes,
        serving(when(wanted, "spin-ttl", hint)) as server,
        running(*options, env={"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}) as run,
    ):
        window = run.until(applied)
        wanted.clear()
        assert masks(processes) == [{LAST}, {LAST}]
        back = run.until(lambda window: bool(window["restored"]))
        assert masks(processes) == [ALL, ALL]
        assert run.process.poll() is None
        assert {entry["reason"] for entry in back["restored"]} == {"its time is over"}
        assert {entry["skipped"] for entry in back["restored"]} == {None}
        after = run.until(lambda window: True)
        assert after["in_force"] == 0
        assert run.stop() == 0
    told = explain(Path(options[4]), window["decisions"][0]["id"])
    assert {entry["reason"] for entry in told["restored"]} == {"its time is over"}


#: It sends what computes to the last CPU, and promises that it will run the more.
MISTAKEN = rule(
    "mistaken",
    f'kind = "place_cpu"\ncpus = [{LAST}]\nexpect = {{ metric = "sched.run_ns", direction = "up" }}',
    when='"workload.sched.run_ns > 1000000.0"',
    windows=8,
)


def test_a_harmful_action_planted_on_purpose_is_undone_and_explained(tmp_path: Path) -> None:
    config, state = only(tmp_path, MISTAKEN, window_s=WINDOW_S), tmp_path / "state"
    options = ("--enforce", "--advisor", "rules", "--state", str(state), "--config", str(config))
    with running(*options) as run:
        run.until(lambda window: True)
        with ExitStack() as stack:
            # In the crowd from the first, they would have known worse: that is the noise they are judged by.
            with starting_on({LAST}):
                stack.enter_context(mix(*["spins"] * CROWD))
            with starting_on(ALL - {LAST}):
                processes = stack.enter_context(spinning("spin-harm"))
            before = masks(processes)
            decided = run.until(applied)
            assert masks(processes) == [{LAST}, {LAST}]
            judged = run.until(lambda window: bool(window["outcomes"]), most=10)
            assert {one["verdict"] for one in judged["outcomes"]} == {"harmed"}, judged["outcomes"]
            assert masks(processes) == before
        assert run.stop() == 0
    assert {entry["reason"] for entry in judged["restored"]} == {"it harmed"}
    command = [*LLAMAS, "explain", str(decided["decisions"][0]["id"]), "--state", str(state)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = " ".join(shown.split())
    for part in ("harmed, put back", "accepted", "harmed: sched.", "(it harmed)", "Learnt"):
        assert part in words, shown
