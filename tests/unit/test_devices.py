"""Near a device, on a device: what a hint means, what advisors are told, and what a person is shown."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prompting import rendered
from situations import hot, machine, situation
from test_plan import of, planned, processes, sentence, values

from llamas_bpf.advise.model.answer import ids
from llamas_bpf.advise.rules import RulesAdvisor
from llamas_bpf.contracts.action import Affinity, Pages
from llamas_bpf.contracts.hint import HINT
from llamas_bpf.contracts.machine import Device, Machine
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import machine_features
from llamas_bpf.machine import devices

DISTANCES = {0: {0: 10, 1: 20, 2: 40}, 1: {0: 20, 1: 10, 2: 30}, 2: {0: 40, 1: 30, 2: 10}}
NEAR = {"kind": "place_device", "workload": "w1", "device": "gpu0"}


def with_devices(*nodes: int | None, of: Machine | None = None) -> Machine:
    """``gpu0`` on the first of these nodes, ``eth0`` on the second."""
    found = tuple(
        Device(id=name, kind=f"kind of {name}", pci=f"0000:0{n}:00.0", node=node, description="")
        for n, (name, node) in enumerate(zip(("gpu0", "eth0"), nodes, strict=False))
    )
    base = of or machine()
    told = tuple(node.model_copy(update={"distances": DISTANCES[node.id]}) for node in base.nodes)
    return base.model_copy(update={"devices": found, "nodes": told})


def here(*nodes: int | None, of: Machine | None = None) -> Situation:
    found = with_devices(*nodes, of=of)
    return situation([hot(node_bytes=[0] * len(found.nodes))], of=found)


def test_near_is_the_devices_node() -> None:
    assert values(NEAR, here(1)) == [(of("cpuset.cpus"), "1"), (of("cpuset.mems"), "1")]
    assert values(NEAR | {"device": "eth0"}, here(1, 0)) == [
        (of("cpuset.cpus"), "0"),
        (of("cpuset.mems"), "0"),
    ]


def test_near_a_node_without_processors_are_the_nearest_ones() -> None:
    assert values(NEAR, here(2)) == [(of("cpuset.cpus"), "1"), (of("cpuset.mems"), "2")]


def test_near_a_node_without_memory_is_the_nearest_memory() -> None:
    bare = machine(tiers=((0, 1, 2),))
    nodes = tuple(n.model_copy(update={"total_bytes": 0}) if n.id == 2 else n for n in bare.nodes)
    there = here(2, of=bare.model_copy(update={"nodes": nodes}))
    assert values(NEAR, there) == [(of("cpuset.cpus"), "2"), (of("cpuset.mems"), "1")]


def test_near_without_a_cgroup_is_every_process() -> None:
    whole = processes(5, 7)
    there = replace(whole, machine=with_devices(1, of=whole.machine))
    assert values(NEAR, there) == [
        (Affinity(pid=200, start_ticks=5), "1"),
        (Affinity(pid=201, start_ticks=7), "1"),
        (Pages(pid=200, start_ticks=5, knob="pages.move"), "1"),
        (Pages(pid=201, start_ticks=7, knob="pages.move"), "1"),
    ]


@pytest.mark.parametrize(
    ("hint", "where", "words"),
    [
        (
            NEAR,
            here(None),
            "does not tell which node gpu0 hangs on (/sys/bus/pci/devices/0000:00:00.0/numa_node)",
        ),
        (NEAR, here(0, of=machine(tiers=((0,),))), "has one node, so w1 is as near to gpu0 as can be"),
        (NEAR | {"device": "gpu7"}, here(0), "gpu7 is not a device of this machine"),
        (NEAR | {"device": "gpu3"}, here(0), "gpu3 was not among the ids"),
    ],
)
def test_what_cannot_be_done_is_said(hint: dict[str, Any], where: Situation, words: str) -> None:
    assert words in sentence(hint, where)


def test_on_a_device_is_advice_to_the_operator() -> None:
    actions, (refusal,) = planned(NEAR | {"how": "on"}, here(1))
    assert (actions, refusal.check, refusal.workload) == ([], "advice", "w1")
    assert "w1 would do well on gpu0 (kind of gpu0 at 0000:00:00.0)" in refusal.sentence
    assert "start it anew" in refusal.sentence


def test_advisors_are_given_the_ids() -> None:
    there = here(1, None)
    features = machine_features(there.digest, there.machine)
    assert [(each["id"], each["kind"], each["node"]) for each in features["devices"]] == [
        ("gpu0", "kind of gpu0", "node1"),
        ("eth0", "kind of eth0", None),
    ]
    assert {"gpu0", "eth0"} < RulesAdvisor([]).advise(there).known_ids
    _, text, known = rendered(there)
    assert {"gpu0", "eth0"} < known
    assert "\ngpu0: kind of gpu0, near node1\neth0: kind of eth0, near an unknown node\nSets of CPUs" in text
    assert "eth0" not in rendered(situation([hot()]))[1]


def test_a_device_is_among_what_a_hint_names() -> None:
    hint = HINT.validate_python(NEAR | {"reason": "because", "confidence": 1})
    assert ids(hint) == {"w1", "gpu0"}


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Two displays, one with a node; two network cards, one behind virtio; a disk; what nobody wants."""
    for address, code, node, inside in (
        ("0000:00:00.0", "0x060000", "-1", ""),
        ("0000:03:00.0", "0x030000", "-1", ""),
        ("0000:01:00.0", "0x038000", "1", ""),
        ("0000:02:00.0", "0x010802", "0", "nvme/nvme5"),
        ("0000:04:00.0", "0x020000", "0", "virtio3/net/uplink"),
        ("0000:05:00.0", "0x020000", "0", "net/enp5s0"),
        ("0000:06:00.0", "0x010400", "0", ""),
        ("0000:07:00.0", "0x120000", "1", ""),
        ("0000:08:00.0", "0x0b4000", "1", ""),
        ("0000:05:00.1", "0x020000", "0", "physfn"),
    ):
        (tmp_path / address / inside).mkdir(parents=True)
        for name, text in (("class", code), ("numa_node", node), ("vendor", "0x1af4"), ("device", "0x1041")):
            (tmp_path / address / name).write_text(text + "\n")
    return tmp_path


def test_devices_are_told_by_their_class_and_numbered_in_order(sysfs: Path) -> None:
    assert [(one.id, one.pci, one.node, one.description) for one in devices.read(sysfs)] == [
        ("gpu0", "0000:01:00.0", 1, "1af4:1041"),
        ("nvme0", "0000:02:00.0", 0, "1af4:1041 nvme5"),
        ("gpu1", "0000:03:00.0", None, "1af4:1041"),
        ("eth0", "0000:04:00.0", 0, "1af4:1041 uplink"),
        ("eth1", "0000:05:00.0", 0, "1af4:1041 enp5s0"),
        ("accel0", "0000:07:00.0", 1, "1af4:1041"),
        ("accel1", "0000:08:00.0", 1, "1af4:1041"),
    ]


def test_a_name_that_is_no_text_can_be_kept_all_the_same(sysfs: Path) -> None:
    (sysfs / "0000:05:00.0/net" / os.fsdecode(b"e\xff\x1b[2J")).mkdir()
    described = [one.model_dump_json() for one in devices.read(sysfs)]
    assert any(r"e\\udcff\\x1b[2J" in one for one in described)


def test_a_machine_without_pci_has_no_devices(tmp_path: Path) -> None:
    assert devices.read(tmp_path / "nowhere") == ()
