"""``record``, as an operator runs it, against what the kernel itself counted for a program."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller import quick

# 7919 fresh pages and 1009 sleeps: primes, which no other cause gives.
PROGRAM = """
import json, mmap, resource, sys, time
print("up", flush=True)
sys.stdin.readline()
before = resource.getrusage(resource.RUSAGE_SELF)
memory = mmap.mmap(-1, 7919 * 4096)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(7919):
    memory[page * 4096] = 1
for _ in range(1009):
    time.sleep(0.0005)
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({name: getattr(after, name) - getattr(before, name)
    for name in ("ru_minflt", "ru_majflt", "ru_nvcsw", "ru_nivcsw")}), flush=True)
sys.stdin.readline()
"""
#: For the events of a busy machine, too.
ROOM = "[sense]\nring_bytes = 67108864\n"
RECORD = [sys.executable, "-m", "llamas_bpf.cli", "record"]


def wait_for_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_text().count("\n") < count:
        assert time.monotonic() < deadline, f"no {count} windows in {path}"
        time.sleep(0.05)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@contextmanager
def recording(
    program: "subprocess.Popen[str]", out: Path, *options: str
) -> Iterator["subprocess.Popen[str]"]:
    """Begins once the program waits, and has nothing to do but what it is told."""
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    command = [*RECORD, "--out", str(out), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as recorder:
        yield recorder


def test_counts_equal_getrusage(tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen([sys.executable, "-c", PROGRAM], **pipes) as program,  # type: ignore[call-overload]
        recording(program, out, *quick(tmp_path, ROOM)) as recorder,
    ):
        wait_for_lines(out, 1)
        program.stdin.write("\n")
        program.stdin.flush()
        truth = json.loads(program.stdout.readline())
        wait_for_lines(out, len(read(out)) + 2)
        recorder.send_signal(signal.SIGINT)
        talk = recorder.stderr.read() if recorder.stderr else ""
        assert recorder.wait(30) == 0, talk
        program.communicate("\n")
    digests = read(out)
    assert [lost for digest in digests for lost in digest["lost"].values() if lost] == []
    rows = [row for digest in digests for row in digest["workloads"] if row["pids"] == [program.pid]]
    faults = sum(row["faults"]["minor"] + (row["faults"]["major"] or 0) for row in rows)
    switches = sum(row["sched"]["switches"] for row in rows)
    # Reading "go" and printing the figures, outside of getrusage's span, cost a few of each.
    assert 0 <= faults - truth["ru_minflt"] - truth["ru_majflt"] <= 79
    assert 0 <= switches - truth["ru_nvcsw"] - truth["ru_nivcsw"] <= 10
    assert truth["ru_minflt"] >= 7919
    assert truth["ru_nvcsw"] >= 900  # a short sleep may be over before it began
    # Of a few faults there may be no sample.
    assert sum(row["faults"]["distinct_pages"] or 0 for row in rows) >= 7919
    assert max(rows, key=lambda row: row["faults"]["minor"])["faults"]["sequential_ratio"] > 0.95


def test_duration_and_windows(tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    done = subprocess.run([*RECORD, "--duration", "2", "--out", str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    windows = [digest["window"] for digest in read(out)]
    assert len(windows) == 2
    assert windows[1]["start_ns"] == windows[0]["end_ns"]


def test_stdout_is_the_digests_alone() -> None:
    done = subprocess.run([*RECORD, "--duration", "1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"window", "machine", "lost", "workloads"}


def test_unwritable_out() -> None:
    done = subprocess.run(
        [*RECORD, "--duration", "1", "--out", "/proc/none/d"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "/proc/none/d" in done.stderr
