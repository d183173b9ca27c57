"""A program that goes through the same phases again and again, under a real controller.

Only its kernel is invented: its cgroup is a directory of plain files, and what is written there decides how
the next window looks. Time is the windows' own, a second each.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from acting import fake_cgroup, here
from situations import Row, digest

from llamas_bpf.act import Actuation, Journal
from llamas_bpf.advise import Advisor
from llamas_bpf.config import Config, StoreConfig
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import HINT, Advice, Hint
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.controller.loop import Controller
from llamas_bpf.guard import Guard
from llamas_bpf.guard.limits import load_limits
from llamas_bpf.learn import Lessons
from llamas_bpf.store import Store

PATH = "/llamas-bpf/hot"
START_NS = 10**12
WEIGHT = 400


@dataclass
class Program:
    """``waits_ms``: how long it waits for a CPU in phase A; that and how long when it has been given weight.
    ``id`` is the controller's name for it."""

    waits_ms: float = 8.0
    with_weight_ms: float = 0.4
    id: str = "w1"
    pid: int = 100
    size: float = 50 << 20

    def row(self, phase: str, weight: int, number: int) -> Row:
        """One window; the figures wobble a little."""
        wobble = 1 + 0.02 * (number % 3)
        waits_ms = self.with_weight_ms if weight >= WEIGHT else self.waits_ms
        shown = {
            "faults.major": 0.0,
            "memory.current_bytes": self.size,
            "sched.runqueue_p99_ns": (waits_ms if phase == "A" else 0.1) * 1e6 * wobble,
            "sched.wakeups": (300.0 if phase == "A" else 2.0) * wobble,
            "faults.minor": (3.0 if phase == "A" else 6000.0) * wobble,
            "sched.run_ns": (0.2e9 if phase == "A" else 0.9e9) * wobble,
        }
        return Row(self.id, shown, (self.size, 0, 0), name="hot", started_by_exec=True)


class Model:
    """Stands for one, and answers at once: more weight for who waits for a CPU. Counts what it was asked."""

    name = "llm"
    why = ""

    def __init__(self, gives_weight: bool = True) -> None:
        self.gives_weight = gives_weight
        self.asked_in: list[int] = []
        self.observed = 0
        self._exchanges: list[Exchange] = []

    def observe(self, situation: Situation) -> None:
        self.observed += 1

    def advise(self, situation: Situation) -> Advice:
        number, ids = situation.number, frozenset(each.id for each in situation.digest.workloads)
        if self.asked_in and number - self.asked_in[-1] < 5:  # as the real one, not sooner
            return Advice(advisor=self.name, hints=[], known_ids=ids)
        self.asked_in.append(number)
        waits = zip(situation.digest.workloads, situation.digest.table["sched.runqueue_p99_ns"], strict=True)
        hints = [weigh(each.id) for each, wait_ns in waits if wait_ns > 2e6 and self.gives_weight]
        exchange = Exchange(
            id=f"x{number}",
            window=number,
            model="scripted",
            prompt_hash="",
            prompt=[{"role": "user", "content": "?"}],
            answer=Advice(advisor="", hints=hints, known_ids=frozenset()).model_dump_json(include={"hints"}),
            status="ok",
            latency_ns=1,
            known_ids=tuple(sorted(ids)),
        )
        self._exchanges.append(exchange)
        return Advice(advisor=self.name, hints=hints, known_ids=ids, exchange_id=exchange.id)

    def drain_exchanges(self) -> list[Exchange]:
        drained, self._exchanges = self._exchanges, []
        return drained

    def idle(self) -> bool:
        return True

    def figures(self) -> ModelFigures | None:
        return None

    def close(self) -> None:
        """Nothing is held."""


def weigh(workload: str) -> Hint:
    """More weight for a minute, which should shorten its waits."""
    return HINT.validate_python(
        {
            "kind": "weigh_cpu",
            "workload": workload,
            "weight": WEIGHT,
            "reason": "it wakes often and waits for a CPU",
            "confidence": 0.8,
            "ttl_s": 60,
            "expect": {"metric": "sched.runqueue_p99_ns", "direction": "down"},
        }
    )


class Town:
    """The controller and one program."""

    def __init__(
        self,
        place: Path,
        advisors: Sequence[Advisor],
        clock: Callable[[int], None],
        lessons: Lessons | None,
    ) -> None:
        self._mount = place / "cgroup"
        fake_cgroup(self._mount, PATH)
        self.state = place / "state"
        self.machine = here(self._mount)
        self._journal = Journal(self.state)
        self._actuation = Actuation(self.machine, self._journal, dry_run=False)
        self.store = Store(self.state, StoreConfig())
        run = self.store.begin_run(self.machine, ",".join(one.name for one in advisors), True)
        guard = Guard(load_limits(Config()), self._actuation.present)
        self.controller = Controller(self.machine, advisors, guard, self._actuation, self.store, run, lessons)
        self.reports: list[WindowReport] = []
        self._clock = clock

    def go(self, program: Program, phases: Iterator[str], windows: int) -> list[WindowReport]:
        """So many windows more."""
        reports = []
        for phase in itertools.islice(phases, windows):
            number = len(self.reports)
            weight = int((self._mount / PATH.strip("/") / "cpu.weight").read_text())
            at_ns = START_NS + number * 10**9
            self._clock(at_ns + 10**9)
            row = program.row(phase, weight, number)
            window = digest([row], self.machine, number)
            place = (self._mount / PATH.strip("/")).stat().st_ino
            workloads = (Workload(row.id, row.name, PATH, place, (), True),)
            window = replace(window, start_ns=at_ns, end_ns=at_ns + 10**9, workloads=workloads)
            report = self.controller.window(window)
            self.reports.append(report)
            reports.append(report)
        return reports

    def close(self) -> None:
        self._actuation.restore_all("the test ended")
        self._journal.close()
        self.store.close()


def phases(*lengths: tuple[str, int]) -> Iterator[str]:
    """``("A", 30), ("B", 20)``, over and over."""
    return itertools.cycle([phase for phase, windows in lengths for _ in range(windows)])


@contextmanager
def town(
    place: Path, patch: pytest.MonkeyPatch, *advisors: Advisor, lessons: Lessons | None = None
) -> Iterator[Town]:
    """With a clock of its own, which is everybody's meanwhile. ``lessons`` are of earlier runs."""
    now = [START_NS]
    began_s = time.time()
    patch.setattr(time, "monotonic_ns", lambda: now[0])
    patch.setattr(time, "time", lambda: began_s + (now[0] - START_NS) / 1e9)

    def clock(at_ns: int) -> None:
        now[0] = at_ns

    built = Town(place, advisors, clock, lessons)
    try:
        yield built
    finally:
        built.close()
