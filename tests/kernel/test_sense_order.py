"""Is memory walked through in order? As ``record`` sees programs that do so, and some that do not."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import mmap, os, random, sys
way, path = sys.argv[1:]
if way == "file":
    with open(path, "wb+") as file:
        file.write(bytes(6400 * 4096))
        file.flush()
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
else:
    memory = mmap.mmap(-1, (192 << 20) if way == "huge" else 6400 * 4096)
    memory.madvise(mmap.MADV_HUGEPAGE if way == "huge" else mmap.MADV_NOHUGEPAGE)
order = list(range(0, len(memory) // 4096))
if way == "third":
    order = order[::3]
elif way == "backwards":
    order.reverse()
elif way == "random":
    random.Random(1).shuffle(order)
print(flush=True)
sys.stdin.readline()
if way in ("file", "huge"):
    sum(memory[page * 4096] for page in order)
else:
    for page in order:
        memory[page * 4096] = 1
print(flush=True)
sys.stdin.readline()
"""
RECORD = [sys.executable, "-m", "llamas_bpf.cli", "record", "--out"]


@pytest.mark.parametrize(
    ("way", "in_order"),
    [
        ("pages", True),
        ("file", True),
        ("huge", True),
        ("third", False),
        ("backwards", False),
        ("random", False),
    ],
)
def test_the_ratio_tells_ways_to_walk_apart(way: str, in_order: bool, tmp_path: Path) -> None:
    """A file is mapped 16 pages a fault, and huge pages are 512 pages each."""
    out = tmp_path / "d.jsonl"
    command = [sys.executable, "-c", PROGRAM, way, str(tmp_path / "file")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        subprocess.Popen(command, **pipes) as program,  # type: ignore[call-overload]
        subprocess.Popen([*RECORD, str(out)], stderr=subprocess.PIPE) as recorder,
    ):
        program.stdout.readline()
        lines(out, 1)
        program.stdin.write(b"\n")
        program.stdin.flush()
        program.stdout.readline()
        lines(out, len(lines(out, 1)) + 1)
        recorder.send_signal(signal.SIGINT)
        recorder.communicate(timeout=60)
        program.communicate(b"\n")
    rows = [row for line in lines(out, 1) for row in json.loads(line)["workloads"]]
    most = max((row for row in rows if row["pids"] == [program.pid]), key=lambda row: row["faults"]["minor"])
    assert most["faults"]["minor"] >= 40
    ratio = most["faults"]["sequential_ratio"]
    assert ratio > 0.8 if in_order else ratio < 0.2


def lines(path: Path, least: int) -> list[str]:
    """As soon as there are so many."""
    deadline = time.monotonic() + 60
    while not path.exists() or len(found := path.read_text().splitlines()) < least:
        assert time.monotonic() < deadline, f"no {least} windows in {path}"
        time.sleep(0.05)
    return found
