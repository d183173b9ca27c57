"""How long it takes from a closed window to the last write: the controller itself, on real processes.

A hundred processes that we start stand for as many workloads of ``exec``. Ten of them wake often, and a rule
of our own confines those to the last CPUs, window after window. The packaged rules are asked as well, but
would not do: they move no more hogs than there are CPUs for, and nobody in two windows running. Of the
packaged limits one is raised: how many may be confined to the same CPU.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from llamas_bpf import advise, collector, machine
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.bench.errors import BenchError
from llamas_bpf.bench.load import Load
from llamas_bpf.bench.spread import Spread, percentile
from llamas_bpf.config import Config
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.contracts.workload import Launched, ProcessId
from llamas_bpf.controller.loop import BASELINE, Controller
from llamas_bpf.digest.delays import Delays
from llamas_bpf.digest.digester import Digester
from llamas_bpf.guard import Guard, load_limits
from llamas_bpf.sense.sensor import Sensor
from llamas_bpf.store import Store

ACTIONS = 10
#: How often the ten wake, and how often the others do: the rule's limit lies far from both.
OFTEN_NS, SELDOM_NS = 5_000_000, 500_000_000
#: Shorter than the controller's usual second, to see more of them.
WINDOW_NS = 100_000_000
#: Not heeded: in the first windows nobody is asked, in the next ones everything is done for the first time.
WARM = BASELINE + 5

RULE = """
[[rule]]
name = "often-woken-to-the-last-cpus"
about = "workload"
every_s = 0
when = [
    "workload.sched.wakeups_per_s > 50.0",
    "!in_force.exists(f, f.workload == workload.id && f.knob == 'affinity')",
]
[rule.hint]
kind = "place_cpu"
confidence = 0.7
ttl_s = 300
expect = { metric = "sched.runqueue_p99_ns", direction = "down" }
[rule.compute]
cpus = "machine.cpu_domains[size(machine.cpu_domains) - 1]"
reason = "'It wakes up ' + whole(workload.sched.wakeups_per_s) + ' times a second.'"
"""

#: In their order. ``sync`` is the part of ``act`` in which the journal waits for the disk.
STAGES = ("situation", "advise", "number", "plan", "guard", "sync", "act")


@dataclass
class Street:
    """ms, window by window. ``total`` is from the digest to the last write, read back; ``before`` is what
    sense and digest took before it, ``restore`` what putting everything back took after it."""

    workloads: int
    ms: dict[str, list[float]] = field(default_factory=dict)

    def add(self, window: dict[str, float]) -> None:
        for name, ms in window.items():
            self.ms.setdefault(name, []).append(ms)

    def p99(self, name: str) -> float:
        return percentile(self.ms[name], 99)

    def as_json(self) -> dict[str, Any]:
        """Everything, the single windows too."""
        parts = {
            name: vars(Spread.of(ms)) | {"p99": self.p99(name), "rounds": ms} for name, ms in self.ms.items()
        }
        return {"workloads": self.workloads, "actions": ACTIONS, "ms": parts}


@contextmanager
def crowd(workloads: int) -> Iterator[list[ProcessId]]:
    """So many processes, first those that wake often. They end with the block."""
    with Load() as often, Load() as seldom:
        found = often.crowd(ACTIONS, OFTEN_NS) + seldom.crowd(workloads - ACTIONS, SELDOM_NS)
        if len(found) < workloads:
            raise BenchError(f"only {len(found)} of {workloads} processes are there")
        yield found


def measure(processes: list[ProcessId], windows: int, step: Callable[[str], None]) -> Street:
    """So many windows, after the first few. The caller holds the host's lock (``enforcing_lock``)."""
    # As processes everywhere: a cgroup has no affinity.
    here = machine.read().model_copy(update={"cgroup_controllers": ()})
    found = Street(len(processes))
    own = {process.pid: os.sched_getaffinity(process.pid) for process in processes}
    with _state_directory() as place, _Driver(Path(place), here) as driver:
        collector.set_aside()
        for number, (digest, before_s) in enumerate(_digests(here, processes, WARM + windows)):
            step(f"{len(processes)} workloads, {ACTIONS} actions: window {number + 1}")
            ms = driver.window(digest)
            if any(os.sched_getaffinity(pid) != cpus for pid, cpus in own.items()):
                raise BenchError("not every process got its own CPUs back")
            if number >= WARM:
                found.add(ms | {"before": before_s * 1e3})
    return found


def _state_directory() -> TemporaryDirectory[str]:
    """Where temporary files outlive a reboot: on a disk."""
    return TemporaryDirectory(prefix="llamas-bpf-bench-", dir="/var/tmp")


class _Driver:
    """The controller as ``run --enforce`` sets it up, in a state directory of its own.

    It is another one for each window, to which the last windows are told first: one and the same would not,
    and rightly, do to a workload again what has just been taken back.
    """

    def __init__(self, state: Path, here: Machine) -> None:
        policies = state / "policies"
        (policies / "rules").mkdir(parents=True, mode=0o700)
        (policies / "rules" / "bench.toml").write_text(RULE)
        config = Config(policies=policies)
        self._advisors, limits = advise.build("rules", config), load_limits(config)
        capacity = limits.capacity.model_copy(update={"pinned_per_cpu": ACTIONS})
        self._limits = limits.model_copy(update={"capacity": capacity})
        self._here = here
        self._journal = Journal(state)
        self._actuation = Actuation(here, self._journal, dry_run=False)
        self._store = Store(state, config.store)
        self._run = self._store.begin_run(here, "rules", True)
        self._recent: deque[Digest] = deque(maxlen=BASELINE - 1)

    def __enter__(self) -> "_Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self._actuation.restore_all("the benchmark ended")
        self._journal.close()
        self._store.close()

    def window(self, digest: Digest) -> dict[str, float]:
        """ms of each stage; in the end everything is as before. Nothing, while too little came before."""
        guard = Guard(self._limits, self._actuation.present)
        parts = (self._actuation, self._store, self._run)
        controller = Controller(self._here, self._advisors, guard, *parts)
        for earlier in self._recent:
            controller.window(earlier)
        enough = len(self._recent) == self._recent.maxlen
        self._recent.append(digest)
        return self._measured(controller, digest) if enough else {}

    def _measured(self, controller: Controller, digest: Digest) -> dict[str, float]:
        synced_s, began_ns = self._journal.sync_s, time.monotonic_ns()
        report = controller.window(digest)
        sync_s, wrote_ns = self._journal.sync_s - synced_s, time.monotonic_ns()
        self._actuation.restore_all("measured")
        restored_ns = time.monotonic_ns()
        _check(report)
        seconds = report.stage_seconds | {"sync": sync_s, "act": report.stage_seconds["act"] - sync_s}
        return {name: seconds[name] * 1e3 for name in STAGES} | {
            "total": (max(one.at_ns for one in report.applied) - began_ns) / 1e6,
            "restore": (restored_ns - wrote_ns) / 1e6,
        }


def _check(report: WindowReport) -> None:
    """BenchError, with the reason that was given, unless ten processes were given other CPUs."""
    applied = [one for one in report.applied if one.status == "applied"]
    if len(applied) != ACTIONS or len(report.decisions) != ACTIONS:
        said = [one.sentence for one in report.refusals] + [
            one.detail for one in report.applied if one.detail
        ]
        why = next(iter(said), f"{len(report.decisions)} hints were given")
        raise BenchError(f"{len(applied)} of {ACTIONS} actions were taken: {why}")


def _digests(here: Machine, processes: list[ProcessId], windows: int) -> Iterator[tuple[Digest, float]]:
    """Each window's, and the seconds from its end until it was there."""
    entries = [
        Launched(f"bench-{number}", here.boot_id, process, None, None)
        for number, process in enumerate(processes)
    ]
    with Sensor() as sensor, closing(Delays.open()) as delays:
        digester = Digester(here, lambda: entries, delays=delays)
        for _ in range(windows):
            until = time.monotonic_ns() + WINDOW_NS
            batch = sensor.collect(until)
            start = time.perf_counter()
            digest = digester.digest(batch, tuple(sensor.degradations))
            yield digest, time.perf_counter() - start
