"""``run`` on this kernel: a real program steered by a scripted model's hints, and put back."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from controller import ENVIRONMENT, LLAMAS, Window, explain, quick, running, workload
from openai_server import Handler, Scene, hangs, hints, says, serving

# Says its pid and that of a thread, and then computes until it is ended.
SPIN = """
import os, threading, time
def spin():
    while True:
        sum(range(1000))
thread = threading.Thread(target=spin, daemon=True)
thread.start()
print(os.getpid(), thread.native_id, flush=True)
spin()
"""
ALL = os.sched_getaffinity(0)
LAST = max(ALL)

pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="kernel feature: a second CPU")


def place_cpu(name: str) -> Scene:
    """Finds the workload of that name in the prompt, as a model would, and wants it on the last CPU."""

    def scene(handler: Handler) -> None:
        question = json.dumps(handler.server.questions[-1]["messages"])
        found = re.search(rf'(w[0-9]+): \\\\?"{name}\\\\?"', question)
        given = [{"kind": "place_cpu", "workload": found[1], "cpus": [LAST]}] if found else []
        hints(*given)(handler)

    return scene


def applied(window: Window) -> bool:
    return any(entry["status"] == "applied" for entry in window["applied"])


def model(url: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-not-to-be-kept"}


def test_a_models_hint_is_carried_out_explained_and_put_back(tmp_path: Path) -> None:
    state = tmp_path / "state"
    options = ("--enforce", "--advisor", "llm", "--state", str(state), *quick(tmp_path))
    with serving(place_cpu("spin-llm")) as server, workload("spin-llm", sys.executable, "-c", SPIN) as spin:
        assert spin.stdout is not None
        threads = [int(word) for word in spin.stdout.readline().split()]
        with running(*options, env=model(server.url)) as run:
            window = run.until(applied)
            assert [os.sched_getaffinity(thread) for thread in threads] == [{LAST}, {LAST}]
            assert run.stop() == 0
        assert [os.sched_getaffinity(thread) for thread in threads] == [ALL, ALL]
    told = explain(state, window["decisions"][0]["id"])
    assert told["advisor"] == "llm"
    assert "spin-llm" in json.dumps(told["exchange"]["prompt"])
    assert json.loads(told["exchange"]["answer"])["hints"][0]["kind"] == "place_cpu"
    assert told["applied"][0]["action"]["value"] == str(LAST)
    assert told["restored"][0]["reason"] == "the run ended"
    assert b"sk-not-to-be-kept" not in b"".join(
        path.read_bytes() for path in state.rglob("*") if path.is_file()
    )
    assert server.keys[0] == "Bearer sk-not-to-be-kept"


def test_a_dry_run_says_and_writes_nothing(tmp_path: Path) -> None:
    options = ("--advisor", "llm", "--state", str(tmp_path / "state"), *quick(tmp_path))
    with serving(place_cpu("spin-dry")) as server, workload("spin-dry", sys.executable, "-c", SPIN) as spin:
        assert spin.stdout is not None
        threads = [int(word) for word in spin.stdout.readline().split()]
        with running(*options, env=model(server.url)) as run:
            window = run.until(lambda window: bool(window["applied"]))
            assert {entry["status"] for entry in window["applied"]} == {"dry_run"}
            assert [os.sched_getaffinity(thread) for thread in threads] == [ALL, ALL]
            assert run.stop() == 0


def test_what_exec_did_not_start_is_out_of_scope(tmp_path: Path) -> None:
    """A program that nobody put in our hands is named by the model, and stays as it is."""
    mask, name = {min(ALL)}, f"spin-{os.getpid()}"
    (tmp_path / name).symlink_to(sys.executable)
    with subprocess.Popen([tmp_path / name, "-c", SPIN], stdout=subprocess.PIPE, text=True) as stranger:
        os.sched_setaffinity(stranger.pid, mask)
        options = ("--enforce", "--advisor", "llm", "--state", str(tmp_path / "state"), *quick(tmp_path))
        try:
            with serving(place_cpu(name)) as server, running(*options, env=model(server.url)) as run:
                window = run.until(lambda window: bool(window["refusals"]))
                assert run.stop() == 0
            assert [decision["name"] for decision in window["decisions"]] == [name]
            assert [refusal["check"] for refusal in window["refusals"]] == ["scope"]
            assert os.sched_getaffinity(stranger.pid) == mask
        finally:
            stranger.kill()


@pytest.mark.parametrize(
    ("scene", "timeout_s", "status"),
    [
        (says("I would rather not."), 60, "invalid"),
        (hangs, 2, "timeout"),
        (says('{"hints": [{"kind": "x"}]}'), 60, "invalid"),
    ],
)
def test_the_rules_answer_for_a_model_that_does_not(
    tmp_path: Path, scene: Scene, timeout_s: int, status: str
) -> None:
    config = quick(tmp_path, f"[llm]\ntimeout_s = {timeout_s}\nask_every_s = 1\n")
    options = ("--advisor", "llm,rules", "--state", str(tmp_path / "state"), *config)
    with serving(scene) as server, running(*options, env=model(server.url)) as run:
        run.until(lambda window: window["advisor"] == "llm")
        window = run.until(lambda window: window["advisor"] == "rules")
        said = [entry for entry in window["degradations"] if "rules answers" in entry]
        assert said
        assert status in said[0]
        assert run.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_everything_put_back(tmp_path: Path, number: int) -> None:
    options = ("--enforce", "--advisor", "llm", "--state", str(tmp_path / "state"), *quick(tmp_path))
    with serving(place_cpu("spin-sig")) as server, workload("spin-sig", sys.executable, "-c", SPIN) as spin:
        assert spin.stdout is not None
        threads = [int(word) for word in spin.stdout.readline().split()]
        with running(*options, env=model(server.url)) as run:
            run.until(applied)
            assert run.stop(number) == 0
        assert [os.sched_getaffinity(thread) for thread in threads] == [ALL, ALL]
        assert "put back" in run.talk


def test_keep_leaves_it_and_rollback_puts_it_back(tmp_path: Path) -> None:
    options = (
        "--enforce",
        "--keep",
        "--advisor",
        "llm",
        "--state",
        str(tmp_path / "state"),
        *quick(tmp_path),
    )
    with serving(place_cpu("spin-keep")) as server, workload("spin-keep", sys.executable, "-c", SPIN) as spin:
        assert spin.stdout is not None
        threads = [int(word) for word in spin.stdout.readline().split()]
        with running(*options, env=model(server.url)) as run:
            run.until(applied)
            assert run.stop() == 0
        found = re.search(r"llamas-bpf (rollback --all --state \S+) puts them back", run.talk)
        assert found, run.talk
        assert [os.sched_getaffinity(thread) for thread in threads] == [{LAST}, {LAST}]
        subprocess.run([*LLAMAS, *found[1].split()], check=True, capture_output=True)
        assert [os.sched_getaffinity(thread) for thread in threads] == [ALL, ALL]


def test_metrics_are_served_on_loopback(tmp_path: Path) -> None:
    import urllib.request

    options = ("--state", str(tmp_path / "state"), *quick(tmp_path))
    with running(*options, "--metrics-port", "0") as run:
        run.until(lambda window: window["window"] == 2)
        assert run.process.stderr is not None
        lines = [run.process.stderr.readline() for _ in range(2)]
        found = re.search(r"http://127\.0\.0\.1:\d+/metrics", "".join(lines))
        assert found, lines
        with urllib.request.urlopen(found[0], timeout=10) as page:
            text = page.read().decode()
        told = re.search(r"^llamas_bpf_windows_total (\d+)", text, re.MULTILINE)
        run.process.send_signal(signal.SIGINT)
        assert run.process.stdout is not None
        later = [json.loads(line)["window"] for line in run.process.stdout]
        assert run.stop() == 0
    assert told
    assert 2 <= int(told[1]) <= max(later, default=2)


def failing(tmp_path: Path, *options: str, config: str = "") -> tuple[int, str]:
    path = tmp_path / "config.toml"
    path.write_text(config)
    command = [*LLAMAS, "run", "--duration", "1", "--state", str(tmp_path / "state"), "--config", str(path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=ENVIRONMENT)
    return done.returncode, done.stderr


def test_mistakes_end_it_with_what_to_do(tmp_path: Path) -> None:
    assert failing(tmp_path, "--advisor", "ruls") == (2, expecting("did you mean rules?"))
    assert failing(tmp_path, config="windows_s = 1") == (2, expecting("did you mean window_s?"))
    own = tmp_path / "own"
    (own / "rules").mkdir(parents=True)
    (own / "rules/mine.toml").write_text(
        '[[rule]]\nname = "mine"\nabout = "workload"\nwhen = ["workload.faults.per_s >"]\n'
        'for_windows = 1\nevery_s = 1\n[rule.hint]\nkind = "leave"\nreason = "x"\nconfidence = 1.0\n'
    )
    assert failing(tmp_path, config=f"policies = '{own}'") == (2, expecting("mine.toml"))
    (own / "rules/mine.toml").unlink()
    (own / "limits.toml").write_text("no_such_limit = 1\n")
    assert failing(tmp_path, "--enforce", config=f"policies = '{own}'") == (2, expecting("no_such_limit"))


def expecting(words: str) -> Any:
    """Equal to any text with these words, and without a traceback."""

    class Text(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return isinstance(other, str) and words in other and "Traceback" not in other

        __hash__ = str.__hash__

    return Text(words)


def test_without_privilege_it_says_so() -> None:
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *LLAMAS]
    done = subprocess.run([*powerless, "record", "--duration", "1"], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "root" in done.stderr
    assert "Traceback" not in done.stderr
