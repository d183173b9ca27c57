"""One action before the guard, in an invented window."""

from dataclasses import replace
from typing import Any

from acting import action
from situations import MIB, Row, situation

from llamas_bpf.config import parse
from llamas_bpf.contracts.action import Action, Affinity, Applied, CgroupKnob
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.guard import Guard, Limits

LIMITS = parse(
    """
    min_confidence = 0.4
    max_ttl_s = 100
    [scope]
    cgroups = ["/batch/*"]
    machine_wide = true
    [protect]
    executables = ["/usr/sbin/sshd"]
    cgroups = ["/system.slice"]
    [bounds]
    "cpu.weight" = { min = 50, max = 200 }
    "memory.high" = { min = 33_554_432, max = 1_073_741_824 }
    "memory.reclaim" = { min = 4096, max = 67_108_864 }
    "cpuset.cpus" = { min = 1, max = 64 }
    "affinity" = { min = 1, max = 64 }
    "cpuset.mems" = { min = 1, max = 8 }
    [capacity]
    reserve_ratio = 0.1
    """,
    Limits,
    "limits.toml",
)
SIZE = {"memory.current_bytes": 100.0 * MIB}


def started(id_: str = "w1", **more: Any) -> Row:
    return Row(id_, SIZE, node_bytes=(0, 0, 100 * MIB), name="hot", started_by_exec=True, **more)


def living(where: Situation, **changes: Any) -> Situation:
    """The first workload with changes, and without the invented processes."""
    first, *others = where.digest.workloads
    workloads = (replace(first, **({"processes": ()} | changes)), *others)
    return replace(where, recent=(replace(where.digest, workloads=workloads),))


def window(*rows: Row, number: int = 0, **changes: Any) -> Situation:
    return living(situation(rows or [started()], number=number), **changes)


def knob(name: Any, value: str, workload: str = "w1", **more: Any) -> Action:
    return action(CgroupKnob(cgroup=f"/{workload}", cgroup_id=1, knob=name), value, workload=workload, **more)


def refusal(one: Action, where: Situation | None = None, confidence: float = 0.9) -> tuple[str, str] | None:
    """The check and its sentence; None when the action may be taken."""
    accepted, refused = Guard(LIMITS).check([one], where or window(), {1: confidence})
    assert len(accepted) + len(refused) == 1
    assert all(found.action == one for found in refused)
    return (refused[0].check, refused[0].sentence) if refused else None


def held(one: Action) -> Applied:
    """It was done before, and is in force."""
    return Applied(action=one, status="applied", old="", new=one.value, at_ns=0)


def pin(pid: int, cpus: str, workload: str = "w1", **more: Any) -> Action:
    return action(Affinity(pid=pid, start_ticks=1), cpus, workload=workload, **more)
