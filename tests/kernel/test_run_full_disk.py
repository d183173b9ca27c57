"""A full disk under ``--state``: nothing is done that cannot be written down, and the loop goes on."""

import os
import subprocess
import sys
from pathlib import Path

from controller import ENVIRONMENT, LLAMAS, quick, running, workload
from openai_server import Handler, serving
from test_run import ALL, SPIN, model, place_cpu

# In a mount namespace of its own: a state directory of 1 MiB that is filled to the last byte.
FULL = """
mount -t tmpfs -o size=1m,mode=0700 none "$1"
cat /dev/zero >"$1/filler" 2>/dev/null
shift
exec "$@"
"""


def in_full_state(state: Path, *command: str) -> list[str]:
    state.mkdir()
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", FULL, "sh", str(state), *command]


def test_a_state_that_is_full_from_the_start_is_a_clear_error(tmp_path: Path) -> None:
    state = tmp_path / "state"
    command = in_full_state(state, *LLAMAS, "run", "--duration", "2", "--state", str(state))
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr


# The same, filled once the test asks for it by a marker; another says that it has been done.
FILLS_UP = """
mount -t tmpfs -o size=1m,mode=0700 none "$1"
(
    while [ ! -e "$2.asked" ]; do sleep 0.05; done
    cat /dev/zero >"$1/filler" 2>/dev/null
    touch "$2"
) >/dev/null 2>&1 &
shift 2
exec "$@"
"""


def test_a_state_that_fills_up_stops_actions_and_not_the_loop(tmp_path: Path) -> None:
    state, full = tmp_path / "state", tmp_path / "full"
    state.mkdir()
    options = ["--enforce", "--advisor", "llm", "--state", str(state), *quick(tmp_path)]
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", FILLS_UP, "sh"]

    def hint_once_full(handler: Handler) -> None:
        while not full.exists() and not handler.server.ending.wait(0.05):
            pass
        place_cpu("spin-full")(handler)

    with serving(hint_once_full) as server, workload("spin-full", sys.executable, "-c", SPIN) as spin:
        assert spin.stdout is not None
        threads = [int(word) for word in spin.stdout.readline().split()]
        with running(*options, env=model(server.url), within=[*prefix, str(state), str(full)]) as run:
            run.until(lambda window: bool(server.questions))
            full.with_suffix(".asked").touch()
            run.until(lambda window: any("hints are dropped" in each for each in window["degradations"]))
            # Nor is anything asked whose cost could not be kept.
            run.until(lambda window: any("cannot be noted" in each for each in window["degradations"]))
            seen = len(run.windows)
            window = run.until(lambda window: window["window"] > seen + 1)
            assert [os.sched_getaffinity(thread) for thread in threads] == [ALL, ALL]
            assert run.stop() == 0
    assert any("no space left" in each for each in window["degradations"])
    assert not [entry for each in run.windows for entry in each["applied"]]
