"""Near a device, in a kernel that knows which node it hangs on: CPUs and memory go there, and come back."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from guest_workloads import MIB, anon_bytes, directory, holding
from memory_holder import holder, pages
from situations import hot, situation

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal, page_budget
from llamas_bpf.contracts.hint import Advice, PlaceDevice
from llamas_bpf.contracts.machine import Device, Machine
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId, Workload
from llamas_bpf.digest.open_devices import OpenDevices
from llamas_bpf.lab.topology import load_topology
from llamas_bpf.plan import plan

KINDS = {"accelerator": "gpu", "storage": "nvme", "network": "eth"}
HELD = 24

pytestmark = pytest.mark.needs("pci")


@pytest.fixture(scope="module")
def here() -> Machine:
    return machine.read()


@pytest.fixture
def actuation(here: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Actuation]:
    """Pages move all in one window, which a second may not be enough for under emulation."""
    monkeypatch.setattr(page_budget, "SECONDS", 120)
    found = Actuation(here, Journal(tmp_path / "state"), dry_run=False)
    yield found
    found.restore_all("the test is over")


def known(here: Machine) -> list[Device]:
    """Those with a node: the guest's own disks have none."""
    return [device for device in here.devices if device.node is not None]


def with_workload(here: Machine, workload: Workload) -> Situation:
    whole = situation([hot("w1", node_bytes=[0] * len(here.nodes))], of=here)
    return replace(whole, recent=(replace(whole.digest, workloads=(workload,)),))


def place(actuation: Actuation, there: Situation, device: Device) -> None:
    hint = PlaceDevice(kind="place_device", workload="w1", device=device.id, reason="a test", confidence=1)
    advice = Advice(advisor="test", hints=[hint], known_ids=frozenset({"w1", device.id}))
    actions, refusals = plan(advice, [1], there)
    assert not refusals
    for done in actuation.apply(actions):
        assert done.status in ("applied", "unchanged"), done.detail


def test_devices_are_found_with_their_nodes(here: Machine) -> None:
    described = load_topology(os.environ["LAB_TOPOLOGY"]).pci
    assert sorted((device.id.rstrip("0123456789"), device.node) for device in known(here)) == sorted(
        (KINDS[device.kind], device.node) for device in described
    )
    assert len({device.id for device in here.devices}) == len(here.devices)
    for device in here.devices:
        assert (Path("/sys/bus/pci/devices") / device.pci).exists()


def test_what_a_process_has_open_leads_to_its_device(here: Machine) -> None:
    disks = {found[0]: one.id for one in here.devices if (found := re.findall(r"nvme\d+", one.description))}
    assert disks
    own = ProcessId(os.getpid(), 0)
    for name, id_ in disks.items():
        for file in (f"/dev/{name}", f"/dev/{name}n1"):
            with Path(file).open("rb"):
                opened = OpenDevices(here.devices).look([Workload("w1", "self", None, None, (own,))])
                assert opened == {"w1": (id_,)}


def test_a_cgroup_is_placed_near_each_device_and_comes_back(here: Machine, actuation: Actuation) -> None:
    with holding(HELD, "near") as launched:
        files = [directory(launched) / name for name in ("cpuset.cpus", "cpuset.mems")]
        before = [file.read_bytes() for file in files]
        workload = Workload("w1", "near", launched.cgroup, launched.cgroup_id, (launched.root,))
        for device in known(here):
            place(actuation, with_workload(here, workload), device)
            assert [file.read_text() for file in files] == [f"{device.node}\n"] * 2
            assert os.sched_getaffinity(launched.root.pid) == set(here.nodes[device.node or 0].cpus)
            assert anon_bytes(launched)[f"N{device.node}"] >= HELD * MIB
            assert [one.skipped for one in actuation.restore_all("end")] == [None, None]
            assert [file.read_bytes() for file in files] == before


def test_a_process_is_placed_near_each_device(here: Machine, actuation: Actuation) -> None:
    with holder(HELD) as pid:
        before = os.sched_getaffinity(pid)
        own = ProcessId(pid, pages(pid, "pages.move").start_ticks)
        workload = Workload("w1", "near", None, None, (own,))
        for device in known(here):
            place(actuation, with_workload(here, workload), device)
            assert os.sched_getaffinity(pid) == set(here.nodes[device.node or 0].cpus)
            numbers = [line.split() for line in Path(f"/proc/{pid}/numa_maps").read_text().splitlines()]
            words = [word for line in numbers if "heap" not in line for word in line]
            there = sum(int(w.split("=")[1]) for w in words if w.startswith(f"N{device.node}="))
            assert there * 4096 >= HELD * MIB
            actuation.restore_all("end")
            assert os.sched_getaffinity(pid) == before
