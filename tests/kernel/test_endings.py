"""However a command ends, there is a sentence, a status as designed, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from controller import ENVIRONMENT, LLAMAS

from llamas_bpf import machine
from llamas_bpf.config import StoreConfig
from llamas_bpf.store import Store

#: The signal of Ctrl-C, at the moment when a certain module is looked for.
INTERRUPTED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == when:
            os.kill(os.getpid(), signal.SIGINT)
when = sys.argv.pop(1)
sys.meta_path.insert(0, Finder())
from llamas_bpf.cli import main
main()
"""

#: A command with a mistake in it.
BROKEN = """
import sys, types, click
from llamas_bpf.cli import main
from llamas_bpf.cli._ends import PassesStatusThrough
@click.command(cls=PassesStatusThrough if sys.argv[1] == "exec" else click.Command)
def command():
    raise RuntimeError("odd \\x1b[2J")
module = types.ModuleType(f"llamas_bpf.cli.{sys.argv[1]}")
module.command = command
sys.modules[module.__name__] = module
main()
"""


def done(command: list[str], **options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT | options, timeout=120)


@pytest.mark.parametrize(
    "words", ["doctor", "doctor --json", "explain", "explain --json", "lab status --json", "run --json"]
)
def test_a_full_disk_under_the_output_is_a_failure(tmp_path: Path, words: str) -> None:
    options = ["--state", str(tmp_path), "--duration", "1"] if words.startswith("run") else []
    if words.startswith("explain"):
        with Store(tmp_path, StoreConfig()) as store:
            store.begin_run(machine.read(), "rules", enforce=False)
        options = ["--state", str(tmp_path)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*LLAMAS, *words.split(), *options],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.endswith("llamas-bpf: standard output: No space left on device\n")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("when", ["click", "llamas_bpf.cli.explain", "llamas_bpf.store"])
def test_ctrl_c_while_starting(tmp_path: Path, when: str) -> None:
    ended = done([sys.executable, "-c", INTERRUPTED, when, "explain", "--state", str(tmp_path)])
    assert ended.returncode == 130, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("when", ["numpy", "llamas_bpf.controller.session", "llamas_bpf.digest.digester"])
def test_ctrl_c_before_the_first_window_ends_the_run_as_after(tmp_path: Path, when: str) -> None:
    options = ["run", "--duration", "100", "--state", str(tmp_path)]
    ended = done([sys.executable, "-c", INTERRUPTED, when, *options])
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bug_says_that_it_is_one() -> None:
    ended = done([sys.executable, "-c", BROKEN, "doctor"])
    assert ended.returncode == 1
    assert ended.stderr == (
        "llamas-bpf: this is a bug: RuntimeError: odd \\x1b[2J (LLAMAS_BPF_TRACEBACK=1 shows where)\n"
    )
    assert done([sys.executable, "-c", BROKEN, "exec"]).returncode == 125
    shown = done([sys.executable, "-c", BROKEN, "doctor"], LLAMAS_BPF_TRACEBACK="1")
    assert "Traceback" in shown.stderr


@pytest.mark.parametrize("duration", ["nan", "inf", "1e300", "0"])
def test_times_that_no_clock_can_count(duration: str) -> None:
    for command in (["record"], ["run"]):
        ended = done([*LLAMAS, *command, "--duration", duration])
        assert (ended.returncode, "'--duration'" in ended.stderr) == (2, True), ended.stderr
    ended = done([*LLAMAS, "lab", "run", "--timeout", "nan", "--", "true"])
    assert (ended.returncode, "'--timeout'" in ended.stderr) == (125, True), ended.stderr


@pytest.mark.parametrize(
    "url", ["http://[bad", "http://me:pass@[bad", "http://me:pa/ss@host/", "ftp://me:pass@h"]
)
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    ended = done([*LLAMAS, "run", "--duration", "1", "--state", str(tmp_path)], OPENAI_BASE_URL=url)
    assert ended.returncode == 2
    assert "OPENAI_BASE_URL: must be an address" in ended.stderr
    assert "pa" not in ended.stderr
    shown = done([*LLAMAS, "doctor"], OPENAI_BASE_URL=url, COLUMNS="200")
    assert "OPENAI_BASE_URL: must be an address" in shown.stdout
    assert "rules compile" in shown.stdout


def test_the_labs_own_failures_are_125_and_only_of_lab_run() -> None:
    for wrong in (
        ["--nonsense"],
        [],
        ["--env", "=", "true"],
        ["--env", "1A=2", "true"],
        ["--env", "A B=", "true"],
    ):
        assert done([*LLAMAS, "lab", "run", *wrong]).returncode == 125
    assert done([*LLAMAS, "lab", "run", "--topology", "none", "--", "true"]).returncode == 125
    assert done([*LLAMAS, "lab", "status", "--nonsense"]).returncode == 2
    ended = done([*LLAMAS, "lab", "status"], XDG_CACHE_HOME="/proc/none")
    assert ended.returncode in (0, 1), ended.stderr


def test_a_state_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = str(tmp_path / "file/below")
    for state, status, told in (
        ("/proc/none", 1, "/proc/none: cannot be made: No such file or directory: give another --state"),
        (below, 2, f"Invalid value for '--state': {below}: Not a directory"),
    ):
        ended = done([*LLAMAS, "run", "--duration", "1", "--state", state])
        assert ended.returncode == status
        assert told in ended.stderr


def test_a_demo_with_a_key_alone_names_no_address() -> None:
    root = Path(__file__).parents[2]
    shown = subprocess.run(
        ["make", "--dry-run", "demo"],
        cwd=root,
        env=ENVIRONMENT | {"OPENAI_API_KEY": "sk-x", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "--network" in shown
    assert "--env OPENAI_API_KEY" in shown
    assert "OPENAI_BASE_URL" not in shown
    assert "OPENAI_MODEL" not in shown
