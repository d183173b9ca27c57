"""Invented machines and windows, for whatever takes a Situation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Cpu, Machine, MemoryTier, NumaNode
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.profile import Trait
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId, Workload

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Row:
    """A workload in one window. ``columns`` by name (``sched.run_ns``); all others are unknown (NaN)."""

    id: str
    columns: Mapping[str, float] = field(default_factory=dict)
    node_bytes: Sequence[float] = ()
    name: str = "some"
    started_by_exec: bool = False
    does: tuple[Trait, ...] = ()
    near: tuple[str, ...] = ()
    cpu_node: int | None = None


def machine(
    tiers: Sequence[Sequence[int]] = ((0, 1), (2,)),
    cpus: Mapping[int, Sequence[int]] | None = None,
    node_bytes: int = 512 * MIB,
) -> Machine:
    """``tiers``: node ids, the fastest tier first. ``cpus``: of each node; else one on each of tier 0."""
    cpus = {node: [place] for place, node in enumerate(tiers[0])} if cpus is None else cpus
    return Machine(
        kernel="6.12",
        boot_id="test",
        cpus=tuple(Cpu(id=cpu, node=node) for node, ids in cpus.items() for cpu in ids),
        nodes=tuple(
            NumaNode(
                id=node,
                cpus=tuple(cpus.get(node, ())),
                total_bytes=node_bytes,
                distances={},
                tier=rank,
            )
            for rank, nodes in enumerate(tiers)
            for node in nodes
        ),
        tiers=tuple(
            MemoryTier(rank=rank, kernel_name=f"memory_tier{4 + rank}", nodes=tuple(nodes))
            for rank, nodes in enumerate(tiers)
        ),
        cgroup_mount="/sys/fs/cgroup",
        cgroup_controllers=("cpu", "cpuset", "memory"),
        capabilities=(),
    )


def digest(
    rows: Sequence[Row],
    of: Machine,
    number: int = 0,
    free_ratio: float = 0.5,
    demotion: bool | None = False,
) -> Digest:
    """Window ``number``, one second long. ``free_ratio`` of each node of the fastest tier is free."""
    nodes = [node.id for node in of.nodes]
    fields: list[Any] = [(column, "f8") for column in COLUMNS] + [(NODE_BYTES, "f8", (len(nodes),))]
    table = np.full(len(rows), np.nan, dtype=np.dtype(fields))
    for place, row in enumerate(rows):
        for column, value in row.columns.items():
            table[column][place] = value
        if len(row.node_bytes):
            table[NODE_BYTES][place] = list(row.node_bytes)
    free = {n.id: int(n.total_bytes * (free_ratio if n.tier == 0 else 0.9)) for n in of.nodes}
    return Digest(
        start_ns=number * 10**9,
        end_ns=(number + 1) * 10**9,
        machine={
            "cpus": len(of.cpus),
            "cpu_busy_ratio": 0.5,
            "psi": {"cpu_some_ratio": 0.0, "memory_some_ratio": None},
            "nodes": {str(n.id): {"total_bytes": n.total_bytes, "free_bytes": free[n.id]} for n in of.nodes},
            "tiering": {"demotion_enabled": demotion, "numa_balancing": 0},
        },
        lost={"faults": 0, "sched": 0},
        node_ids=tuple(nodes),
        workloads=tuple(
            Workload(
                row.id,
                row.name,
                f"/{row.id}",
                1,
                (ProcessId(100, 1),),
                row.started_by_exec,
                row.does,
                row.near,
                row.cpu_node,
            )
            for row in rows
        ),
        table=table,
    )


def situation(
    rows: Sequence[Row],
    of: Machine | None = None,
    number: int = 0,
    recent: Sequence[Digest] = (),
    in_force: Sequence[Applied] = (),
    scope: frozenset[str] | None = None,
    refusals: Sequence[Refusal] = (),
    outcomes: Sequence[Outcome] = (),
    **window: Any,
) -> Situation:
    """One window after ``recent``; ``window`` goes to ``digest``."""
    of = of or machine()
    return Situation(
        number=number,
        recent=(*recent, digest(rows, of, number, **window)),
        machine=of,
        in_force=tuple(in_force),
        scope=scope,
        refusals=tuple(refusals),
        outcomes=tuple(outcomes),
    )


def situations(
    windows: int, rows: Sequence[Row], of: Machine | None = None, **more: Any
) -> Iterator[Situation]:
    """The same in window after window."""
    for number in range(windows):
        yield situation(rows, of, number, **more)


def idle(id_: str = "w9", **more: Any) -> Row:
    """Nothing at all in the window; its memory lies on the last of three nodes."""
    zeros = dict.fromkeys(COLUMNS, 0.0)
    return Row(id_, zeros, **({"node_bytes": (0, 0, 200 * MIB)} | more))


def hot(id_: str = "w1", wait_ms: float = 4.0, **more: Any) -> Row:
    """Wakes up 60 times a second, waits for a CPU; its 100 MiB lie on the last of three nodes."""
    columns = {
        "faults.minor": 3.0,
        "faults.major": 0.0,
        "sched.wakeups": 60.0,
        "sched.run_ns": 0.15e9,
        "sched.runqueue_p99_ns": wait_ms * 1e6,
    }
    return Row(id_, columns, **({"node_bytes": (0, 0, 100 * MIB), "name": "hot"} | more))


def stream(id_: str = "w2", **more: Any) -> Row:
    """Walks through 5,000 fresh pages a second on a CPU of its own; fills the first two of three nodes."""
    columns = {
        "faults.minor": 5000.0,
        "faults.major": 0.0,
        "faults.sequential_ratio": 0.98,
        "sched.wakeups": 2.0,
        "sched.run_ns": 0.95e9,
        "sched.runqueue_p99_ns": 5e6,
    }
    return Row(id_, columns, **({"node_bytes": (300 * MIB, 300 * MIB, 0), "name": "stream"} | more))
