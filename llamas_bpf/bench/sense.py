"""``bench sense``: all that watching costs, measured in one run, beside its rivals and its marks."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llamas_bpf.bench import controller, crowd, drain, slowdown
from llamas_bpf.bench.marks import Mark
from llamas_bpf.bench.spread import Comparison, Spread
from llamas_bpf.sense.probes import require_binding, require_btf, require_privilege

Step = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured: ``timed_s`` is of each load each time, ``seconds`` of the controller's."""

    rounds: int = 10
    timed_s: float = 0.3
    seconds: int = 8
    processes: int = 10_000
    windows: int = 5

    @classmethod
    def quick(cls, rounds: int | None = None) -> "Plan":
        """To see that it works; its figures are rough."""
        return cls(rounds or 3, timed_s=0.1, seconds=3, windows=2)

    @property
    def steps(self) -> int:
        """How often ``measure`` calls ``step``."""
        return 3 + 11 * self.rounds + 1 + self.seconds + 2 + self.windows


@dataclass(frozen=True)
class Results:
    """What came out."""

    plan: Plan
    drain: Comparison
    ping_pong: Comparison
    touch: Comparison
    controller: controller.Cost
    digests: crowd.Digests

    def marks(self) -> dict[str, Mark]:
        """What this should reach on an ordinary machine: medians."""
        to_callback = self.drain.ratio(drain.OURS, drain.CALLBACK).median
        to_c = self.drain.ratio(drain.OURS, drain.LIBBPF).median
        switches = self.ping_pong.ratio(slowdown.OURS, slowdown.NOTHING).median
        touches = self.touch.ratio(slowdown.OURS, slowdown.NOTHING).median
        cpu, memory = Spread.of(self.controller.cpu).median, self.controller.rss_bytes
        return {
            "drain_to_callback": Mark(f"drain, to the {drain.CALLBACK}", to_callback, 30, False, "x"),
            "drain_to_c": Mark(f"drain, to {drain.LIBBPF}", to_c, 0.5, False, "x"),
            "ping_pong": Mark("ping-pong, slowed down by ours", switches, 1.10, True, "x"),
            "touch": Mark("page touches, slowed down by ours", touches, 1.05, True, "x"),
            "cpu": Mark("controller, of one core", cpu * 100, 2, True, " %"),
            "memory": Mark("controller, resident", memory / 1e6, 120, True, " MB"),
            "digest": Mark("a digest of the crowd", Spread.of(self.digests.ms).median, 100, True, " ms"),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, the single rounds too."""
        return {
            "machine": {"kernel": platform.release(), "cpus": len(os.sched_getaffinity(0))},
            "rounds": self.plan.rounds,
            "drain": self.drain.as_json(),
            "ping_pong": self.ping_pong.as_json(),
            "touch": self.touch.as_json(),
            "controller": self.controller.as_json(),
            "digest": self.digests.as_json(),
            "marks": {name: mark.as_json() for name, mark in self.marks().items()},
        }


def measure(plan: Plan, step: Step) -> Results:
    """About a minute and a half. Raises ``SenseError`` where the kernel cannot be watched."""
    require_binding()
    require_privilege()
    require_btf()
    drained = drain.measure(plan.rounds, step)
    ping_pong, touch = slowdown.measure(plan.rounds, plan.timed_s, step)
    cost = controller.measure(plan.seconds, step)
    digests = crowd.measure(plan.processes, plan.windows, step)
    return Results(plan, drained, ping_pong, touch, cost, digests)
