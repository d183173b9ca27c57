"""The three systems of the LLaMaS paper (arXiv 2401.08908): device texts and rules answer as it says.

The texts are read offline, and the rules are the packaged ones. Texts exchanged, answers exchanged.
"""

from pathlib import Path

import pytest
from situations import GIB, MIB, Row, hot, machine, situations

from llamas_bpf.advise import rules
from llamas_bpf.config import Config
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.machine import Device, Machine
from llamas_bpf.contracts.profile import Binding, DeviceProfile, Trait
from llamas_bpf.machine import ranks, trust
from llamas_bpf.machine.texts.reading import read
from llamas_bpf.machine.texts.text import parse
from llamas_bpf.plan import plan

TEXTS = Path(__file__).parents[1] / "devices"
GPU = Device(id="gpu0", kind="display controller", pci="0000:41:00.0", node=1, description="")
#: Node 0 is what the kernel calls memory; it knows nothing of the speed of any.
TWO_MEMORIES = machine(tiers=[[0, 1]], cpus={0: range(16), 1: ()}, node_bytes=64 * GIB)
ONE_MEMORY = machine(tiers=[[0]], cpus={0: range(24)}, node_bytes=64 * GIB)


def profiles(system: str, rebound: dict[str, Binding] | None = None) -> list[DeviceProfile]:
    """Each text's; ``rebound`` are about something else than their front matter says."""
    found = [read(parse(path.stem, path.read_bytes())) for path in sorted((TEXTS / system).glob("*.md"))]
    assert found
    return [
        each.model_copy(update={"binding": (rebound or {}).get(each.name, each.binding)}) for each in found
    ]


def described(of: Machine, texts: list[DeviceProfile]) -> Machine:
    told = trust.features(of.nodes, texts, None)
    return ranks.by_rank(of.model_copy(update={"profiles": tuple(texts), "features": told}))


def answers(of: Machine, *rows: Row) -> dict[str, list[Hint]]:
    """What the rules hint, by workload."""
    advisor = rules.create(Config())
    found = [hint for one in situations(8, rows, of) for hint in advisor.advise(one).hints]
    return {row.id: [hint for hint in found if hint.workload == row.id] for row in rows}  # type: ignore[union-attr]


def memory_of(hints: list[Hint], of: Machine, row: Row) -> set[str]:
    """Where the plan puts the workload's memory."""
    (there,) = situations(1, [row], of)
    known = frozenset({row.id, "gpu0", *(f"node{node.id}" for node in of.nodes)})
    advice = Advice(advisor="rules", hints=hints, known_ids=known)
    actions, refusals = plan(advice, range(len(hints)), there)
    assert not refusals
    return {action.value for action in actions if action.target.knob == "cpuset.mems"}


# 1: a buffer of the processor's belongs to its DRAM, one of the GPU's to the HBM beside that.


def host_and_device_buffers(dram: int, hbm: int) -> tuple[set[str], set[str]]:
    """Each is at first on the other's node."""
    rebound = {"dram": Binding(node=dram), "hbm": Binding(node=hbm)}
    gpu = GPU.model_copy(update={"node": hbm})
    of = described(TWO_MEMORIES.model_copy(update={"devices": (gpu,)}), profiles("gpu-hbm", rebound))
    sizes = [100 * MIB if node == hbm else 0 for node in (0, 1)]
    host = hot("w1", wait_ms=0.1, node_bytes=sizes, started_by_exec=True)
    device = Row(
        "w2",
        {**host.columns, "device.open": 1.0},
        near=("gpu0",),
        node_bytes=sizes[::-1],
        started_by_exec=True,
    )
    found = answers(of, host, device)
    return memory_of(found["w1"], of, host), memory_of(found["w2"], of, device)


def test_a_host_buffer_goes_to_host_memory_and_a_device_buffer_to_the_devices() -> None:
    assert host_and_device_buffers(dram=0, hbm=1) == ({"0"}, {"1"})
    assert host_and_device_buffers(dram=1, hbm=0) == ({"1"}, {"0"})


# 2: invented memory that is quick for what is used often gets the hot arrays.


def hot_arrays(rat: int, dram: int) -> set[str]:
    """Where they go from the other node."""
    rebound = {"rat": Binding(node=rat), "dram": Binding(node=dram)}
    of = described(TWO_MEMORIES, profiles("rat", rebound))
    row = hot("w1", wait_ms=0.1, node_bytes=[0 if node == rat else 200 * MIB for node in (0, 1)])
    return memory_of(answers(of, row)["w1"], of, row)


def test_hot_arrays_go_to_rat_memory() -> None:
    assert hot_arrays(rat=1, dram=0) == {"1"}
    assert hot_arrays(rat=0, dram=1) == {"0"}


# 3: dense matrix multiplication belongs on the GPU, pointer chasing on the processor.


def computing(does: Trait, texts: list[DeviceProfile]) -> list[tuple[str, str | None]]:
    of = described(ONE_MEMORY.model_copy(update={"devices": (GPU,)}), texts)
    row = Row("w1", {"sched.run_ns": 0.9e9}, node_bytes=[MIB], does=(does,), started_by_exec=True)
    return [(hint.kind, getattr(hint, "device", None)) for hint in answers(of, row)["w1"]]


ON_THE_GPU, ON_THE_CPU = [("place_device", "gpu0")], [("leave", None)]


@pytest.mark.parametrize(("does", "where"), [("matrix_compute", ON_THE_GPU), ("pointer_chasing", ON_THE_CPU)])
def test_a_program_goes_to_what_is_good_at_it(does: Trait, where: list[tuple[str, str | None]]) -> None:
    assert computing(does, profiles("cpu24-gpu")) == where


def test_with_the_texts_exchanged_it_is_the_other_way_round() -> None:
    exchanged = profiles("cpu24-gpu", {"cpu": Binding(pci=GPU.pci), "gpu": Binding(cpus="0-23")})
    assert computing("matrix_compute", exchanged) == ON_THE_CPU
    assert computing("pointer_chasing", exchanged) == ON_THE_GPU
