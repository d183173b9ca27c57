"""Is memory walked through in order? As ``record`` sees programs that do so, and some that do not."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from controller import quick

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
elif way == "far":
    order = order[::40]
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
IN_ORDER, NOT = ("pages", "file", "huge", "third"), ("far", "backwards", "random")
WAYS = dict.fromkeys(IN_ORDER, True) | dict.fromkeys(NOT, False)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """What is told of each way in the window in which most of it fell; one after the other goes it."""
    directory = tmp_path_factory.mktemp("order")
    out = directory / "d.jsonl"
    with ExitStack() as stack:
        programs = {way: stack.enter_context(walking(way, directory / "file")) for way in WAYS}
        recorder = stack.enter_context(recording(out, *quick(directory)))
        lines(out, 1)
        for program in programs.values():
            program.stdin.write(b"\n")  # type: ignore[union-attr]
            program.stdin.flush()  # type: ignore[union-attr]
            program.stdout.readline()  # type: ignore[union-attr]
            lines(out, len(lines(out, 1)) + 2)  # by then the sampling knows that it is over
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(60) == 0
        pids = {way: [program.pid] for way, program in programs.items()}
    told = [row for line in lines(out, 1) for row in json.loads(line)["workloads"]]
    return {
        way: max((row for row in told if row["pids"] == pids[way]), key=lambda row: row["faults"]["minor"])
        for way in WAYS
    }


@pytest.mark.parametrize(("way", "in_order"), WAYS.items())
def test_the_ratio_tells_ways_to_walk_apart(rows: dict[str, Row], way: str, in_order: bool) -> None:
    """A file is mapped up to 16 pages a fault, and huge pages are 512 pages each."""
    faults = rows[way]["faults"]
    assert faults["minor"] >= 40
    ratio = faults["sequential_ratio"]
    assert ratio > 0.8 if in_order else ratio < 0.2, f"{ratio} of {faults}"


@contextmanager
def walking(way: str, path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """There, and ready to go."""
    command = [sys.executable, "-c", PROGRAM, way, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        try:
            assert program.stdout is not None
            program.stdout.readline()
            yield program
        finally:
            program.kill()


@contextmanager
def recording(out: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([*RECORD, str(out), *options], stderr=subprocess.DEVNULL) as recorder:
        try:
            yield recorder
        finally:
            recorder.kill()


def lines(path: Path, least: int) -> list[str]:
    """As soon as there are so many."""
    deadline = time.monotonic() + 60
    while not path.exists() or len(found := path.read_text().splitlines()) < least:
        assert time.monotonic() < deadline, f"no {least} windows in {path}"
        time.sleep(0.05)
    return found
