"""The rules about what device texts say: who gets which memory, processor and device."""

from collections.abc import Sequence
from typing import Any

import pytest
from situations import GIB, MIB, Row, hot, idle, machine, situations, stream

from llamas_bpf.advise import rules
from llamas_bpf.config import Config
from llamas_bpf.contracts.action import Action, Applied, CgroupKnob
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.machine import Capability, Cpu, Device, Machine, NodeFeatures, Told
from llamas_bpf.contracts.profile import Binding, DeviceProfile, Trait

FAULTS = {"faults.minor": 1000.0, "faults.major": 0.0, "sched.wakeups": 1.0, "sched.run_ns": 0.1e9}
MINE: dict[str, Any] = {"node_bytes": (MIB, 0, 0), "started_by_exec": True}
GPU = Device(id="gpu0", kind="display controller", pci="0000:41:00.0", node=2, description="")
DAMON = Capability(name="damon", available=True, detail="")


def text(kind: str, binding: Binding, *good_at: Trait, bad_at: tuple[Trait, ...] = ()) -> DeviceProfile:
    return DeviceProfile.model_validate(
        {"name": kind, "text_hash": "", "reader": "offline", "binding": binding, "kind": kind}
        | {"good_at": good_at, "bad_at": bad_at}
    )


def with_memory(*good_at: Trait, of: Machine | None = None, **figures: float) -> Machine:
    """Node 2's text says so; all others are ordinary."""
    told = {name: Told(text=value) for name, value in figures.items()}
    memory = NodeFeatures(node=2, profile="memory", figures=told, good_at=good_at)
    plain = [NodeFeatures(node=node, figures={"read_latency_ns": Told(text=90)}) for node in (0, 1)]
    changes = {"profiles": (text("memory", Binding(node=2), *good_at),), "features": (*plain, memory)}
    return (of or machine(tiers=[[0, 1, 2]], node_bytes=GIB)).model_copy(update=changes)


def with_gpu(*texts: DeviceProfile, of: Machine | None = None) -> Machine:
    return (of or machine()).model_copy(update={"devices": (GPU,), "profiles": texts})


def hints(of: Machine, rows: Sequence[Row], windows: int = 12, **more: Any) -> list[dict[str, Any]]:
    """All that is hinted, in its own words."""
    advisor = rules.create(Config())
    found: list[Hint] = [
        h for one in situations(windows, rows, of, **more) for h in advisor.advise(one).hints
    ]
    return [
        hint.model_dump(exclude={"reason", "confidence", "expect", "ttl_s"}, exclude_defaults=True)
        for hint in found
    ]


def in_force(workload: str, knob: Any) -> Applied:
    target = CgroupKnob(cgroup="/x", cgroup_id=1, knob=knob)
    action = Action(id="1.0", hint_id=1, workload=workload, target=target, value="0", ttl_s=60)
    return Applied(action=action, status="applied", old="", new="0", at_ns=0)


def alone(*found: dict[str, Any]) -> list[dict[str, Any]]:
    """Said once or more, and nothing else."""
    return [one for place, one in enumerate(found) if one not in found[:place]]


def quiet(id_: str = "w1", **more: Any) -> Row:
    """Active, but waits for nobody; its memory lies on the first of three nodes."""
    return hot(id_, wait_ms=0.1, **({"node_bytes": (100 * MIB, 0, 0)} | more))


def test_memory_for_frequent_use_gets_what_is_hot() -> None:
    of = with_memory("frequent_access")
    assert alone(*hints(of, [quiet()])) == [{"kind": "place_memory", "workload": "w1", "nodes": ["node2"]}]
    told = of.model_copy(update={"capabilities": (DAMON,)})
    assert alone(*hints(told, [quiet()])) == [
        {"kind": "place_memory", "workload": "w1", "nodes": ["node2"], "pages": "hot"}
    ]
    assert hints(with_memory("large_data"), [quiet()]) == []


@pytest.mark.parametrize(
    ("row", "more"),
    [
        (quiet(node_bytes=(0, 0, 100 * MIB)), {}),
        (quiet(node_bytes=(16 * MIB, 0, 0)), {}),
        (stream(node_bytes=(300 * MIB, 0, 0)), {}),
        (idle(node_bytes=(100 * MIB, 0, 0)), {}),
        (quiet(), {"in_force": [in_force("w1", "cpuset.mems")]}),
    ],
    ids=["there already", "small", "streams", "idle", "in force"],
)
def test_memory_for_frequent_use_is_not_for_others(row: Row, more: dict[str, Any]) -> None:
    assert hints(with_memory("frequent_access"), [row], **more) == []


def test_of_two_memories_that_suit_either_will_do() -> None:
    """Who is on the second need not go to the first."""

    def both(of: Machine) -> Machine:
        features = (of.features[0], of.features[2].model_copy(update={"node": 1}), of.features[2])
        return of.model_copy(update={"features": features})

    hot_one = both(with_memory("frequent_access"))
    assert hints(hot_one, [quiet(node_bytes=(0, 0, 100 * MIB))]) == []
    assert alone(*hints(hot_one, [quiet()])) == [
        {"kind": "place_memory", "workload": "w1", "nodes": ["node1"]}
    ]
    cold = idle(node_bytes=(0, 0, 100 * MIB), started_by_exec=True)
    of = both(with_memory("rare_access", read_latency_ns=400)).model_copy(update={"tiers": machine().tiers})
    assert hints(of, [cold], free_ratio=0.1, demotion=True) == []
    reader = Row("w1", FAULTS | {"faults.write": 20.0}, node_bytes=(0, 0, 100 * MIB))
    assert hints(both(with_memory(read_latency_ns=90, write_latency_ns=500)), [reader]) == []


def test_of_two_memories_that_suit_the_nearest_with_room_is_taken() -> None:
    """Nodes 2 and 3 are alike but for where they hang: 3 beside the CPUs of node 1."""
    of = with_memory("frequent_access", of=machine(tiers=[[0, 1, 2, 3]], cpus={0: [0], 1: [1]}))
    far = {0: {2: 20, 3: 40}, 1: {2: 40, 3: 20}}
    nodes = [node.model_copy(update={"distances": far.get(node.id, {})}) for node in of.nodes]
    features = (*of.features, of.features[2].model_copy(update={"node": 3}))
    of = of.model_copy(update={"nodes": tuple(nodes), "features": features})

    def taken(cpu_node: int | None, of: Machine, here: float = 100 * MIB) -> list[str]:
        row = quiet(node_bytes=(here, 0, 0, 0), cpu_node=cpu_node)
        (found,) = alone(*hints(of, [row]))
        return list(found["nodes"])

    assert [taken(node, of) for node in (None, 0, 1)] == [["node2"], ["node2"], ["node3"]]
    # As far as the other, and faster.
    alike = [node.model_copy(update={"distances": {2: 20, 3: 20}}) for node in nodes]
    quick = features[3].model_copy(update={"figures": {"read_latency_ns": Told(text=80)}})
    same = of.model_copy(update={"nodes": tuple(alike), "features": (*features[:3], quick)})
    assert taken(0, same) == ["node3"]
    # Half of a node is free.
    small = [node.model_copy(update={"total_bytes": 150 * MIB}) if node.id == 3 else node for node in nodes]
    assert taken(1, of.model_copy(update={"nodes": tuple(small)})) == ["node2"]
    # Where none has room, the guard says so of the nearest.
    small = [node.model_copy(update={"total_bytes": 150 * MIB}) for node in nodes]
    assert taken(1, of.model_copy(update={"nodes": tuple(small)})) == ["node3"]


def test_the_busiest_goes_first() -> None:
    busy = Row("w2", {**quiet().columns, "sched.run_ns": 0.7e9}, node_bytes=(200 * MIB, 0, 0))
    found = hints(with_memory("frequent_access"), [quiet(), busy])
    assert [hint["workload"] for hint in found] == ["w2", "w1"]


def test_memory_for_rare_use_gets_what_is_idle_while_the_fastest_is_short() -> None:
    of, row = (
        with_memory("rare_access", read_latency_ns=400),
        idle(node_bytes=(100 * MIB, 0, 0), started_by_exec=True),
    )
    of = of.model_copy(update={"tiers": machine().tiers})
    found = hints(of, [row], free_ratio=0.1, demotion=True)
    assert alone(*found) == [{"kind": "place_memory", "workload": "w9", "nodes": ["node2"]}]
    assert hints(of, [row], free_ratio=0.5) == []
    assert hints(of, [quiet()], free_ratio=0.1, demotion=True) == []


def test_reads_and_writes_part_where_writes_are_dear() -> None:
    of = with_memory(read_latency_ns=90, write_latency_ns=500)
    reader = Row("w1", FAULTS | {"faults.write": 20.0}, node_bytes=(100 * MIB, 0, 0))
    writer = Row("w2", FAULTS | {"faults.write": 900.0}, node_bytes=(0, 0, 100 * MIB))
    assert alone(*hints(of, [reader, writer])) == [
        {"kind": "place_memory", "workload": "w1", "nodes": ["node2"]},
        {"kind": "place_memory", "workload": "w2", "nodes": ["node0", "node1"]},
    ]
    there = [
        Row("w1", reader.columns, node_bytes=writer.node_bytes),
        Row("w2", writer.columns, node_bytes=reader.node_bytes),
    ]
    assert hints(of, there) == []
    assert hints(with_memory(read_latency_ns=90, write_latency_ns=90), [reader, writer]) == []


def test_memory_that_reads_slowly_too_gets_no_reader() -> None:
    reader = Row("w1", FAULTS | {"faults.write": 20.0}, node_bytes=(100 * MIB, 0, 0))
    assert hints(with_memory(read_latency_ns=300, write_latency_ns=900), [reader]) == []


def test_who_has_a_device_open_is_placed_near_it() -> None:
    row = Row("w1", {"device.open": 1.0}, near=("gpu0",), **MINE)
    assert alone(*hints(with_gpu(), [row])) == [{"kind": "place_device", "workload": "w1", "device": "gpu0"}]
    assert hints(with_gpu(), [Row("w1", {"device.open": 0.0}, **MINE)]) == []
    nowhere = machine().model_copy(update={"devices": (GPU.model_copy(update={"node": None}),)})
    assert hints(nowhere, [row]) == []


def test_efficiency_cores_get_background_work() -> None:
    cpus = tuple(
        Cpu(id=id_, node=0, cpu_class="performance" if id_ < 2 else "efficiency") for id_ in range(6)
    )
    of = machine(tiers=[[0]], cpus={0: range(6)}).model_copy(update={"cpus": cpus})
    busy = {"sched.run_ns": 0.3e9, "sched.wakeups": 1.0}
    rows = [Row("w1", busy, does=("background_work",)), Row("w2", busy, does=("latency",)), Row("w3", busy)]
    assert alone(*hints(of, rows)) == [
        {"kind": "place_cpu", "workload": "w1", "cpus": [2, 3, 4, 5]},
        {"kind": "place_cpu", "workload": "w2", "cpus": [0, 1]},
    ]
    wide = [Row("w1", busy | {"sched.run_ns": 5e9}, does=("background_work",))]
    assert hints(of, wide) == []


def test_what_a_device_is_good_at_and_no_processor_is_goes_there() -> None:
    gpu = text("gpu", Binding(pci=GPU.pci), "matrix_compute", bad_at=("pointer_chasing",))
    row = Row("w1", {}, does=("matrix_compute",), **MINE)
    on = {"kind": "place_device", "workload": "w1", "device": "gpu0", "how": "on"}
    assert hints(with_gpu(gpu), [row]) == [on]
    both = Row("w1", {}, does=("matrix_compute", "pointer_chasing"), **MINE)
    assert hints(with_gpu(gpu), [both]) == []
    cpu = text("cpu", Binding(cpus="0-1"), "matrix_compute")
    assert hints(with_gpu(gpu, cpu), [row]) == []
    disk = with_gpu(gpu).model_copy(update={"devices": (GPU.model_copy(update={"id": "nvme0"}),)})
    assert hints(disk, [row]) == []


def test_who_runs_on_one_of_two_devices_is_not_sent_to_the_other() -> None:
    second = GPU.model_copy(update={"id": "gpu1", "pci": "0000:42:00.0"})
    texts = [text("gpu", Binding(pci=gpu.pci), "matrix_compute") for gpu in (GPU, second)]
    of = with_gpu(*texts).model_copy(update={"devices": (GPU, second)})
    does: tuple[Trait, ...] = ("matrix_compute",)
    assert [hint["device"] for hint in hints(of, [Row("w1", {}, does=does, **MINE)])] == ["gpu0"]
    for near in ("gpu0", "gpu1"):
        row = Row("w1", {"device.open": 0.0}, does=does, near=(near,), **MINE)
        assert hints(of, [row]) == []


def test_reasons_name_what_is_so() -> None:
    def reasons(of: Machine, row: Row) -> set[str]:
        advisor = rules.create(Config())
        return {hint.reason for one in situations(4, [row], of) for hint in advisor.advise(one).hints}

    gpu = text("gpu", Binding(pci=GPU.pci), "bandwidth", "matrix_compute")
    cpu = text("cpu", Binding(cpus="0-1"), "bandwidth")
    (said, *others) = reasons(with_gpu(gpu, cpu), Row("w1", {}, does=("bandwidth", "matrix_compute"), **MINE))
    assert (others, "It does matrix_compute, which" in said) == ([], True)
    nowhere = GPU.model_copy(update={"id": "gpu1", "pci": "0000:42:00.0", "node": None})
    of = machine().model_copy(update={"devices": (GPU, nowhere)})
    near = Row("w1", {"device.open": 2.0}, near=("gpu1", "gpu0"), **MINE)
    (said,) = reasons(of, near)
    assert "It has gpu0 open" in said


def test_what_is_hoped_for_is_what_can_be_seen() -> None:
    """Into the fastest tier more can go; where all is one tier, nothing shows."""
    of = with_memory("frequent_access", read_latency_ns=40)
    fast = of.model_copy(update={"tiers": machine(tiers=[[2], [0, 1]]).tiers})
    for machine_, hoped in ((of, None), (fast, "memory.fast_tier_ratio")):
        advisor = rules.create(Config())
        found = [hint for one in situations(4, [quiet()], machine_) for hint in advisor.advise(one).hints]
        assert {hint.expect and hint.expect.metric for hint in found} == {hoped}
