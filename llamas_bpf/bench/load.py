"""A process that does a known number of things when told: ``python -m llamas_bpf.bench.load [CPU]``.

It is not the one that watches, whose own events are left out. It reads one JSON list a line, answers in kind,
and ends when nobody is left to tell it more.
"""

import json
import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from llamas_bpf import process_stat
from llamas_bpf.bench.errors import BenchError
from llamas_bpf.contracts.workload import ProcessId
from llamas_bpf.digest.trees import descendants

#: More than an ordinary program's: what else runs on that CPU is not what is to be measured.
NICE = -19
MOST_TIMES = 1000


class Load:
    """The other side of it: started by ``with``, and ended at its end."""

    def __init__(self, cpu: int | None = None) -> None:
        where = [] if cpu is None else [str(cpu)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, *where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def touch(self, pages: int, seconds: float) -> list[int]:
        """ns of CPU time that touching so many fresh pages took, time after time."""
        found: list[int] = self._do("touch", pages, int(seconds * 1e9))
        return found

    def ping_pong(self, turns: int, seconds: float) -> list[int]:
        """ns of CPU time that so many turns of two processes took, time after time."""
        found: list[int] = self._do("ping_pong", turns, int(seconds * 1e9))
        return found

    def begin_pace(self, pages: int, turns: int, tick_ns: int, ticks: int) -> None:
        """At each tick so many of both; ``end_pace`` waits for the end."""
        self._tell("pace", pages, turns, tick_ns, ticks)

    def end_pace(self) -> int:
        """How many ticks began too late to be told from the next."""
        late: int = self._answer()
        return late

    def crowd(self, number: int, period_ns: int) -> list[ProcessId]:
        """Starts processes that wake and fault once a period; they end with the load."""
        self._do("crowd", number, period_ns)
        stats = ((pid, process_stat.read(pid)) for pid in descendants(self._process.pid))
        return [ProcessId(pid, stat.start_ticks) for pid, stat in stats if pid != self._process.pid and stat]

    def _do(self, *order: object) -> Any:
        self._tell(*order)
        return self._answer()

    def _tell(self, *order: object) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BenchError("the load ended: see above for why") from None

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchError("the load ended: see above for why")
        answer = json.loads(line)
        if isinstance(answer, int) and answer < 0:
            raise BenchError(f"the load could not do its part: {os.strerror(-answer)}")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.terminate()
        # The end of its input is what it ends at.
        self._process.communicate()


def serve(cpu: int | None) -> None:
    """Does what each line says."""
    from llamas_bpf.native._native import ffi, lib

    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
        os.nice(NICE)

    def timed(do: Any, size: int, span_ns: int) -> Any:
        ns = ffi.new("uint64_t[]", MOST_TIMES)
        times = do(size, ns, MOST_TIMES, span_ns)
        return list(ns[0:times]) if times > 0 else times

    does = {
        "touch": lambda *order: timed(lib.bench_touch, *order),
        "ping_pong": lambda *order: timed(lib.bench_ping_pong, *order),
        "pace": lib.bench_pace,
        "crowd": lib.bench_crowd,
    }
    try:
        for line in sys.stdin:
            what, *order = json.loads(line)
            print(json.dumps(does[what](*order)), flush=True)
    finally:
        lib.bench_crowd_end()


if __name__ == "__main__":
    # Ctrl-C in a terminal reaches every process there: the one that started us decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    serve(int(sys.argv[1]) if sys.argv[1:] else None)
