"""What watching costs the machine: CPU time and memory of ``llamas-bpf record`` under a steady load."""

import itertools
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llamas_bpf.bench.errors import BenchError
from llamas_bpf.bench.load import Load
from llamas_bpf.bench.spread import Spread

#: Half of the events are page faults, half are switches (two a turn): 100,000 a second in all.
TICK_NS, PAGES, TURNS = 10_000_000, 500, 250
_PATIENCE_S = 30


@dataclass(frozen=True)
class Cost:
    """Second by second, but for the memory: that is of the end.

    ``cpu`` is a share of one core; ``events_per_s`` is what the digests of those seconds tell, the machine's
    other programs included. ``late`` ticks of the load could not be kept.
    """

    cpu: list[float]
    events_per_s: list[float]
    rss_bytes: int
    pss_bytes: int
    peak_bytes: int
    late: int

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {
            "cpu": vars(Spread.of(self.cpu)) | {"rounds": self.cpu},
            "events_per_s": vars(Spread.of(self.events_per_s)) | {"rounds": self.events_per_s},
        }


def measure(seconds: int, step: Callable[[str], None]) -> Cost:
    """The load runs a second longer on both sides."""
    with tempfile.TemporaryDirectory() as directory, Load() as load:
        out = Path(directory) / "digests.jsonl"
        with _record(out) as recorder:
            step("the controller under load: beginning")
            _wait_for_a_line(out, recorder)
            load.begin_pace(PAGES, TURNS, TICK_NS, (seconds + 2) * 10**9 // TICK_NS)
            time.sleep(1)
            marks = [(time.monotonic_ns(), cpu_ns(recorder.pid))]
            for second in range(seconds):
                step(f"the controller under load: {second + 1} s")
                time.sleep(1)
                marks.append((time.monotonic_ns(), cpu_ns(recorder.pid)))
            status = _kib(Path(f"/proc/{recorder.pid}/status"))
            rollup = _kib(Path(f"/proc/{recorder.pid}/smaps_rollup"))
            late = load.end_pace()
        digests = [json.loads(line) for line in out.read_text().splitlines()]
    begin_ns, end_ns = marks[0][0], marks[-1][0]
    spans = [(*earlier, *later) for earlier, later in itertools.pairwise(marks)]
    return Cost(
        cpu=[(cpu - cpu_before) / (at - before) for before, cpu_before, at, cpu in spans],
        events_per_s=[rate for digest in digests for rate in _rate(digest, begin_ns, end_ns)],
        rss_bytes=status["VmRSS"],
        pss_bytes=rollup["Pss"],
        peak_bytes=status["VmHWM"],
        late=late,
    )


def cpu_ns(pid: int) -> int:
    """What all threads of a process have run, to the ns: /proc/PID/stat tells it in ticks of 10 ms."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            total += int((task / "schedstat").read_text().split()[0])
    return total


@contextmanager
def _record(out: Path) -> Iterator[subprocess.Popen[str]]:
    """Ended as Ctrl-C does, so that it takes everything away."""
    command = [sys.executable, "-m", "llamas_bpf.cli", "record", "--out", str(out)]
    # A group of its own: Ctrl-C in a terminal is for the benchmark, which then ends this.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, process_group=0) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            _, talk = process.communicate(timeout=_PATIENCE_S)
        if process.returncode:
            raise BenchError(f"llamas-bpf record failed: {talk.strip()}")


def _wait_for_a_line(out: Path, recorder: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not out.exists() or not out.stat().st_size:
        if recorder.poll() is not None:
            return  # its own words come when it is waited for
        if time.monotonic() > deadline:
            raise BenchError(f"llamas-bpf record wrote nothing in {_PATIENCE_S} s")
        time.sleep(0.05)


def _rate(digest: dict[str, Any], begin_ns: int, end_ns: int) -> Iterator[float]:
    """Events a second, if the digest's window lies in this span."""
    start, end = digest["window"]["start_ns"], digest["window"]["end_ns"]
    if begin_ns <= start and end <= end_ns:
        events = sum(
            (row["faults"]["minor"] or 0) + (row["faults"]["major"] or 0) + (row["sched"]["switches"] or 0)
            for row in digest["workloads"]
        )
        yield events * 1e9 / (end - start)


def _kib(path: Path) -> dict[str, int]:
    """The sizes of a file of /proc such as ``VmRSS:  1234 kB``, in bytes."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) << 10 for words in lines if words[-1:] == ["kB"]}
