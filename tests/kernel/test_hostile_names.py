"""A program whose name, and a model whose reason, would command the terminal: shown harmlessly by all."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from acting import action, fake_cgroup, here
from controller import ENVIRONMENT, LLAMAS, quick
from openai_server import Handler, Scene, hints, serving

from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import CgroupKnob

MARK = f"q{os.getpid() % 100000}"
#: What the kernel keeps of a name is 15 bytes.
NAME = f"\x1b[2J\n[b]{MARK}"[:15]
REASON = "\x1b]0;owned\x07\x1b[2J[red]evil[/]\r\nfaked line\u202egnp"
SHOWN = r"\x1b]0;owned\x07\x1b[2J[red]evil[/]\r\nfaked line\u202egnp"
# Computes under that name.
STRANGER = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode())
print(flush=True)
while True:
    sum(range(1000))
"""


@contextmanager
def stranger() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", STRANGER, NAME], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def meddling(handler: Handler) -> None:
    """Finds the program by the harmless end of its name."""
    question = json.dumps(handler.server.questions[-1]["messages"])
    found = re.search(rf"(w[0-9]+): [^:]*?{MARK}", question)
    given = {"kind": "place_cpu", "workload": found[1], "cpus": [0], "reason": REASON} if found else None
    hints(*([given] if given else []))(handler)


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.removesuffix("\n").split("\n"))


def seen(scene: Scene, state: Path, *options: str) -> tuple[str, str]:
    """What ``run`` says on both streams, until the model's hint has been answered."""
    command = [*LLAMAS, "run", "--advisor", "llm", "--state", str(state), *options]
    with serving(scene) as server, stranger():
        environment = ENVIRONMENT | {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as run:
            try:
                return until_owned(run)
            finally:
                run.kill()


def until_owned(run: "subprocess.Popen[str]") -> tuple[str, str]:
    assert run.stdout is not None
    out = ""
    while "owned" not in out:
        line = run.stdout.readline()
        assert line, run.communicate()[1]
        out += line
    run.send_signal(signal.SIGINT)
    rest, talk = run.communicate(timeout=60)
    assert run.returncode == 0, talk
    return out + rest, talk


def test_run_and_explain(tmp_path: Path) -> None:
    state = tmp_path / "state"
    out, talk = seen(meddling, state, *quick(tmp_path))
    assert harmless(out) and harmless(talk)
    assert f"because {SHOWN}" in out
    assert rf"\x1b[2J\n[b]{MARK}"[:15] in out
    number = re.search(r"#(\d+) ", out)
    assert number
    for words in ([], [number[1]]):
        command = [*LLAMAS, "explain", *words, "--state", str(state)]
        wide = ENVIRONMENT | {"COLUMNS": "200"}
        shown = subprocess.run(command, check=True, capture_output=True, text=True, env=wide).stdout
        assert harmless(shown)
        assert MARK in shown
        assert not words or SHOWN in shown
        whole = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True).stdout
        assert harmless(whole) and whole.isascii()
        assert NAME in json.dumps(json.loads(whole), ensure_ascii=False).encode().decode("unicode_escape")


def test_json(tmp_path: Path) -> None:
    out, talk = seen(meddling, tmp_path / "state", "--json", *quick(tmp_path))
    assert harmless(out) and harmless(talk) and out.isascii()
    decisions = [entry for line in out.splitlines() for entry in json.loads(line)["decisions"]]
    assert (decisions[0]["name"], decisions[0]["hint"]["reason"]) == (NAME, REASON)


def test_record(tmp_path: Path) -> None:
    with stranger() as pid:
        command = [*LLAMAS, "record", "--duration", "1"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert harmless(done.stdout) and harmless(done.stderr) and done.stdout.isascii()
    rows = [row for line in done.stdout.splitlines() for row in json.loads(line)["workloads"]]
    assert [row["name"] for row in rows if row["pids"] == [pid]] == [NAME]


HOSTILE = "\x1b]0;owned\x07[red]\u202e"


@pytest.mark.parametrize(
    "words",
    [
        ["record", "--duration", "1", "--out", f"/proc/{HOSTILE}/d"],
        ["record", "--duration", HOSTILE],
        ["record", f"--{HOSTILE}"],
        ["record", "--config", f"/proc/{HOSTILE}"],
        ["exec", "--name", "hostile", "--", f"/proc/{HOSTILE}"],
        ["exec", "--name", "hostile", "--", f"/etc/passwd/{HOSTILE}"],
        ["exec", "--name", "hostile", "--mems", HOSTILE, "--", "true"],
        ["explain", "--state", f"/proc/{HOSTILE}"],
        ["run", "--advisor", HOSTILE],
        ["run", "--duration", "1", "--state", f"/proc/{HOSTILE}/state"],
        ["doctor", "--config", f"/proc/{HOSTILE}"],
        ["rollback", f"--{HOSTILE}"],
        [HOSTILE],
    ],
    ids=lambda words: " ".join(word for word in words if word.isprintable()),
)
def test_mistakes(words: list[str]) -> None:
    done = subprocess.run([*LLAMAS, *words], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "owned" in done.stderr
    assert harmless(done.stderr), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root may hold the lock in /run")
def test_rollback(tmp_path: Path) -> None:
    """Of cgroups that are gone; their names, and the values that were there, are somebody's to choose."""
    path = f"/{HOSTILE}\n'\"/x"
    for options in ([], ["--json"]):
        mount, state = tmp_path / f"cgroup{len(options)}", tmp_path / f"state{len(options)}"
        fake_cgroup(mount, path)
        target = CgroupKnob(cgroup=path, cgroup_id=(mount / path[1:]).stat().st_ino, knob="cpu.weight")
        journal = Journal(state)
        (done,) = Actuation(here(mount), journal, dry_run=False).apply([action(target, "50")])
        assert done.status == "applied", done.detail
        journal.close()
        command = [*LLAMAS, "rollback", "--state", str(state), *options]
        ended = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT | {"COLUMNS": "300"})
        assert ended.returncode == 0, ended.stderr
        assert "owned" in ended.stdout
        assert harmless(ended.stdout) and harmless(ended.stderr)
        assert not options or ended.stdout.isascii()


def test_what_acting_says(tmp_path: Path) -> None:
    """Dry run, success, others' hands, refusals of the kernel, a torn-down cgroup: each a harmless line."""
    path = f"/{HOSTILE}\n'\"/x"
    fake_cgroup(tmp_path / "cgroup", path)
    directory = tmp_path / f"cgroup{path}"
    target = CgroupKnob(cgroup=path, cgroup_id=directory.stat().st_ino, knob="cpu.weight")
    dry = Actuation(here(tmp_path / "cgroup"), None, dry_run=True).apply([action(target, "50")])
    journal = Journal(tmp_path / "state")
    actuation = Actuation(here(tmp_path / "cgroup"), journal, dry_run=False)
    twice = actuation.apply([action(target, "50", "1.1"), action(target, "60", "2.1")])
    (directory / "cpu.weight").write_text("\x1b[2J\x07 1\n2\n")
    others = actuation.restore_all("the run ended")
    odd = actuation.apply([action(target.model_copy(update={"knob": "cpu.max"}), "max\u202e", "3.1")])
    absent = actuation.apply([action(target.model_copy(update={"cgroup": path + HOSTILE}), "50", "4.1")])
    (directory / "memory.high").unlink()
    (directory / "memory.high").symlink_to("/")
    linked = actuation.apply([action(target.model_copy(update={"knob": "memory.high"}), "50", "5.1")])
    journal.close()
    said = [*dry, *twice, *odd, *absent, *linked]
    assert [one.status for one in said] == ["dry_run", "failed", "applied", "failed", "failed", "failed"]
    assert all(one.detail or one.status == "applied" for one in said)
    assert [bool(one.skipped) for one in others] == [True]
    for sentence in (*(one.detail for one in said), *(f"{one.target} {one.skipped}" for one in others)):
        assert harmless(sentence), sentence
