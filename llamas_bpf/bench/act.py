"""``bench act``: from a closed window to the last write, beside what a shell script takes for the writes."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llamas_bpf.act import enforcing_lock
from llamas_bpf.bench import street, taskset
from llamas_bpf.bench.errors import BenchError
from llamas_bpf.bench.marks import Mark
from llamas_bpf.bench.spread import Spread
from llamas_bpf.bench.street import Street
from llamas_bpf.sense.probes import require_binding, require_btf, require_privilege

WORKLOADS = 100


@dataclass(frozen=True)
class Plan:
    """How many windows are measured, and how often the rival's ten writes."""

    rounds: int = 300
    rival_rounds: int = 30

    @classmethod
    def quick(cls, rounds: int | None = None) -> "Plan":
        """To see that it works; its figures are rough."""
        return cls(rounds or 10, rival_rounds=3)

    @property
    def steps(self) -> int:
        """How often ``measure`` calls ``step``."""
        return street.WARM + self.rounds + self.rival_rounds


@dataclass(frozen=True)
class Results:
    """What came out. ``taskset`` is ms for the ten writes alone."""

    plan: Plan
    street: Street
    taskset: list[float]

    @property
    def ratio(self) -> float:
        """Our whole street to the rival's writes: medians, for they cannot be measured in turns."""
        return Spread.of(self.street.ms["total"]).median / Spread.of(self.taskset).median

    def marks(self) -> dict[str, Mark]:
        """What this should reach on an ordinary machine."""
        return {
            "total": Mark("window closed to all writes done, p99", self.street.p99("total"), 5, True, " ms")
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, the single rounds too."""
        return {
            "machine": {"kernel": platform.release(), "cpus": len(os.sched_getaffinity(0))},
            "rounds": self.plan.rounds,
            "street": self.street.as_json(),
            "taskset": vars(Spread.of(self.taskset)) | {"rounds": self.taskset, "ratio": self.ratio},
            "marks": {name: mark.as_json() for name, mark in self.marks().items()},
        }


def measure(plan: Plan, step: Callable[[str], None]) -> Results:
    """About a minute. Raises ``SenseError`` where the kernel cannot be watched, and LlamasError where another
    controller enforces."""
    require_binding()
    require_privilege()
    require_btf()
    if len(os.sched_getaffinity(0)) < 2:
        raise BenchError("on one CPU there is nowhere to move a process to: run it where there are two")
    with enforcing_lock(), street.crowd(WORKLOADS) as processes:
        measured = street.measure(processes, plan.rounds, step)
        # Afterwards: the processes that it starts would be in every digest.
        rival = taskset.measure(processes[: street.ACTIONS], plan.rival_rounds, step)
    return Results(plan, measured, rival)
