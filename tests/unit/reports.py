"""Builds the types that the store, the judge and the metrics consume, from a few figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from llamas_bpf.contracts.action import Action, Affinity, Applied, CgroupKnob, Refusal
from llamas_bpf.contracts.decision import Decision, Restored
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import HINT, Hint
from llamas_bpf.contracts.machine import Cpu, Machine, MemoryTier, NumaNode
from llamas_bpf.contracts.model_figures import ModelFigures, Spent
from llamas_bpf.contracts.outcome import Change, Outcome
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId, Workload

GIB = 1 << 30

MACHINE = Machine(
    kernel="6.12.0",
    boot_id="boot",
    cpus=(Cpu(id=0, node=0), Cpu(id=1, node=0)),
    nodes=(
        NumaNode(id=0, cpus=(0, 1), total_bytes=2 * GIB, distances={0: 10, 2: 30}, tier=0),
        NumaNode(id=2, cpus=(), total_bytes=4 * GIB, distances={0: 30, 2: 10}, tier=1),
    ),
    tiers=(
        MemoryTier(rank=0, kernel_name="memory_tier4", nodes=(0,)),
        MemoryTier(rank=1, kernel_name="memory_tier56", nodes=(2,)),
    ),
    cgroup_mount="/sys/fs/cgroup",
    cgroup_controllers=("cpu", "memory", "cpuset"),
    capabilities=(),
)

Row = dict[str, Any]


def workload(number: int, name: str = "hot") -> Workload:
    return Workload(f"w{number}", name, f"/llamas/{name}", number, (ProcessId(100 + number, 1),), True)


def digest(
    rows: dict[str, Row],
    names: dict[str, str] | None = None,
    psi: Row | None = None,
    window: int = 1,
    lost: int = 0,
) -> Digest:
    """``rows``: workload id to columns (NaN where not given); ``memory.node_bytes`` is a pair."""
    dtype = np.dtype([*((column, "f8") for column in COLUMNS), (NODE_BYTES, "f8", (2,))])
    table = np.full(len(rows), np.nan, dtype=dtype)
    for row, values in enumerate(rows.values()):
        for column, value in values.items():
            table[column][row] = value
    return Digest(
        start_ns=window * 10**9,
        end_ns=(window + 1) * 10**9,
        machine={
            "cpus": 2,
            "cpu_busy_ratio": 0.5,
            "psi": psi or {"cpu_some_ratio": 0.1, "memory_some_ratio": 0.0, "io_some_ratio": None},
            "nodes": {
                "0": {"total_bytes": 2 * GIB, "free_bytes": GIB},
                "2": {"total_bytes": 4 * GIB, "free_bytes": 3 * GIB},
            },
            "tiering": {"demotion_enabled": False, "numa_balancing": 0, "demoted_pages": 7},
        },
        lost={"faults": lost, "sched": 0},
        node_ids=(0, 2),
        workloads=tuple(workload(int(key[1:]), (names or {}).get(key, "hot")) for key in rows),
        table=table,
    )


def situation(number: int = 1, recent: Sequence[Digest] = (), in_force: Sequence[Applied] = ()) -> Situation:
    return Situation(number, tuple(recent) or (digest({"w1": ROW}),), MACHINE, tuple(in_force))


#: A busy workload's ordinary window.
ROW: Row = {
    "faults.minor": 120,
    "faults.major": 3,
    "sched.switches": 500,
    "sched.runqueue_p99_ns": 2_000_000,
    "psi.cpu_some_ratio": 0.02,
    NODE_BYTES: (GIB, GIB // 2),
}


def hint(workload: str | None = "w1", **changed: Any) -> Hint:
    fields = {
        "kind": "place_memory",
        "workload": workload,
        "nodes": ["node0"],
        "reason": "its hot set is in the slow tier",
        "confidence": 0.9,
        "expect": {"metric": "memory.fast_tier_ratio", "direction": "up"},
    }
    given = {key: value for key, value in (fields | changed).items() if value is not None}
    return HINT.validate_python(given)


def applied(decision: int, number: int = 1, status: str = "applied", **changed: Any) -> Applied:
    action = Action(
        id=f"{decision}.{number}",
        hint_id=decision,
        workload="w1",
        target=CgroupKnob(cgroup="/llamas/hot", cgroup_id=1, knob="cpuset.mems"),
        value="0",
        ttl_s=300,
    )
    action = action.model_copy(update=changed)
    new = "0" if status in ("applied", "unchanged") else None
    return Applied.model_validate(
        {"action": action, "status": status, "old": "0,2", "new": new, "at_ns": 2 * 10**9}
    )


def affinity(decision: int) -> Applied:
    return applied(decision, 2, target=Affinity(pid=101, start_ticks=1), value="0-1")


def exchange(**changed: Any) -> Exchange:
    fields: dict[str, Any] = {
        "id": "x1",
        "window": 1,
        "model": "tiny",
        "prompt_hash": "abc",
        "prompt": [{"role": "system", "content": "You advise."}, {"role": "user", "content": "w1 is slow"}],
        "answer": '{"hints": []}',
        "status": "ok",
        "latency_ns": 40_000_000,
        "prompt_tokens": 900,
        "completion_tokens": 60,
    }
    return Exchange(**(fields | changed))


def outcome(action: str, verdict: str = "helped") -> Outcome:
    change = Change(metric="memory.fast_tier_ratio", before=0.3, after=0.95, noise=0.01)
    return Outcome.model_validate(
        {
            "action_id": action,
            "workload": "w1",
            "verdict": verdict,
            "expected": change,
            "safety": [],
            "reason": "memory.fast_tier_ratio rose, as hoped",
            "situation": (2, 0, 3, 2, 0),
            "gist": '{"kind":"place_memory","nodes":["node0"]}',
        }
    )


MODEL = ModelFigures(
    hour=Spent(3, 3000, 0.5),
    day=Spent(7, 7000, 1.5),
    limits={"calls_per_hour": 240, "tokens_per_day": 10_000, "money_per_hour": None},
    context_tokens=900,
    window_tokens=8000,
    flushes=2,
    restarts=1,
    dropped=4,
)


def full_report(decision: int, number: int = 1, **changed: Any) -> WindowReport:
    """One window in which everything happened."""
    return WindowReport(
        situation=changed.pop("situation", None) or situation(number),
        advisor="llm",
        decisions=(Decision(decision, changed.pop("hint", None) or hint(), "llm", "x1"),),
        exchanges=(changed.pop("exchange", None) or exchange(),),
        refusals=(Refusal(hint_id=decision, check="capacity", sentence="node0 is full"),),
        applied=(applied(decision), affinity(decision)),
        restored=(Restored(f"{decision}.1", "/llamas/hot cpuset.mems", "0,2", "it harmed"),),
        outcomes=(outcome(f"{decision}.1"),),
        degradations=("no PSI",),
        model=MODEL,
        stage_seconds={"advise": 0.002, "store": 0.001},
        **changed,
    )
