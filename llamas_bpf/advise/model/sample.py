"""An invented situation in which every figure is known: policies are tried on it when they are loaded."""

from typing import get_args

import numpy as np

from llamas_bpf.contracts.action import Action, Applied, CgroupKnob, Refusal
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Cpu, Device, Machine, MemoryTier, NodeFeatures, NumaNode, Told
from llamas_bpf.contracts.outcome import Change, Outcome
from llamas_bpf.contracts.profile import FIGURES, TRAITS, Binding, DeviceProfile, Threshold, Trait
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId, Workload

_GIB = 1 << 30


def situation() -> Situation:
    """Two workloads on a machine with two tiers and two CPU domains; something was done and refused."""
    knob = CgroupKnob(cgroup="/a", cgroup_id=7, knob="cpu.weight")
    action = Action(id="1.0", hint_id=1, workload="w1", target=knob, value="200", ttl_s=60)
    change = Change(metric="sched.run_ns", before=1.0, after=2.0, noise=0.5)
    return Situation(
        number=1,
        recent=(_digest(0), _digest(1)),
        machine=_machine(),
        in_force=(Applied(action=action, status="applied", old="100", new="200", at_ns=0),),
        refusals=(Refusal(hint_id=1, check="scope", sentence="w2 is not in scope", workload="w2"),),
        outcomes=(
            Outcome(
                action_id="1.0",
                workload="w1",
                verdict="helped",
                expected=change,
                safety=[change],
                reason="run time rose",
            ),
        ),
    )


def _machine() -> Machine:
    nodes = tuple(
        NumaNode(
            id=node,
            cpus=(node,) if node < 2 else (),
            total_bytes=_GIB,
            distances={0: 10, 1: 20, 2: 30},
            tier=node // 2,
            read_latency_ns=100,
            write_latency_ns=100,
            read_bandwidth_bytes_per_s=10 * _GIB,
            write_bandwidth_bytes_per_s=10 * _GIB,
        )
        for node in range(3)
    )
    tiers = (
        MemoryTier(rank=0, kernel_name="memory_tier4", nodes=(0, 1)),
        MemoryTier(rank=1, kernel_name="memory_tier56", nodes=(2,)),
    )
    return Machine(
        kernel="6.12",
        boot_id="sample",
        cpus=(Cpu(id=0, node=0), Cpu(id=1, node=1)),
        nodes=nodes,
        tiers=tiers,
        cgroup_mount="/sys/fs/cgroup",
        cgroup_controllers=("cpu", "cpuset", "memory"),
        capabilities=(),
        devices=tuple(
            Device(id=f"gpu{n}", kind="display controller", pci=f"0000:0{n + 1}:00.0", node=n, description="")
            for n in (0, 1)
        ),
        profiles=_profiles(),
        features=tuple(_features(each) for each in _profiles() if each.kind == "memory"),
    )


def _profiles() -> tuple[DeviceProfile, ...]:
    """Of each kind one that is good at everything and one that is bad at it: no filter of a rule comes out
    empty."""
    good = {"memory": Binding(node=2), "cpu": Binding(cpus="0"), "gpu": Binding(pci="0000:01:00.0")}
    bad = {"memory": Binding(node=1), "cpu": Binding(cpus="1"), "gpu": Binding(pci="0000:02:00.0")}
    threshold = Threshold(figure="write_ratio", side="above", value=0.5, action="avoid")
    return tuple(
        DeviceProfile.model_validate(
            {"name": f"{side}-{kind}", "text_hash": "", "reader": "sample", "binding": binding, "kind": kind}
            | {side: TRAITS, "thresholds": (threshold,)}
        )
        for side, bindings in (("good_at", good), ("bad_at", bad))
        for kind, binding in bindings.items()
    )


def _features(profile: DeviceProfile) -> NodeFeatures:
    """Reads are quick, and writes are dear; node 0, of which no text speaks, is ordinary."""
    assert profile.binding.node is not None
    figures = {name: Told(text=1000.0 if name == "write_latency_ns" else 100.0) for name in FIGURES}
    return NodeFeatures(
        node=profile.binding.node,
        profile=profile.name,
        figures=figures,
        good_at=profile.good_at,
        bad_at=profile.bad_at,
        persistent=True,
    )


def _digest(number: int) -> Digest:
    fields = [(column, "f8") for column in COLUMNS] + [(NODE_BYTES, "f8", (3,))]
    ratios = [column for column in COLUMNS if column.endswith("_ratio")]
    table = np.full(2, 1000.5, dtype=np.dtype(fields))
    for column in ratios:
        table[column] = 0.5
    table[NODE_BYTES] = (1 << 28) + 0.5
    return Digest(
        start_ns=number * 10**9,
        end_ns=(number + 1) * 10**9,
        machine={
            "cpus": 2,
            "cpu_busy_ratio": 0.5,
            "psi": {f"{what}_ratio": 0.5 for what in ("cpu_some", "memory_some", "memory_full", "io_some")},
            "nodes": {str(node): {"total_bytes": _GIB, "free_bytes": _GIB // 8} for node in range(3)},
            "tiering": {
                "demotion_enabled": False,
                "numa_balancing": 0,
                "demoted_pages": 1,
                "promoted_pages": 1,
            },
        },
        lost={"faults": 1, "sched": 1},
        node_ids=(0, 1, 2),
        workloads=tuple(
            Workload(
                f"w{n}",
                f"sample-{n}",
                f"/sample-{n}",
                n,
                (ProcessId(100 + n, 5),),
                started_by_exec=n == 1,
                does=get_args(Trait),
                near=("gpu0",),
            )
            for n in (1, 2)
        ),
        table=table,
    )
