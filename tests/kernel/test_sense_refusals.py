"""One kind refused is a named degradation; both, or an object of other sources, is an error."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from sense_children import FAULTS, PAGES, PING_PONG, run
from sensing import window

from llamas_bpf.contracts.events import EventBatch, LifecycleType
from llamas_bpf.sense.capabilities import capabilities
from llamas_bpf.sense.errors import HookRefusedError, ObjectError
from llamas_bpf.sense.probes import OBJECTS
from llamas_bpf.sense.sensor import Sensor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """A copy of the BPF objects that a test may spoil."""
    return Path(shutil.copytree(OBJECTS, tmp_path / "bpf"))


def spoil(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))


def test_what_matters_most_is_usable_here() -> None:
    found = {capability.kind: capability for capability in capabilities()}
    for kind in ("scheduling", "fault details", "births and deaths of processes", "reclaim stalls"):
        assert found[kind].usable, found[kind].missing
        assert found[kind].hooks
        assert found[kind].missing == ""


def test_without_its_tracepoint_a_kind_has_another_source(objects: Path) -> None:
    """perf's software event, which cannot tell a write."""
    spoil(objects / "faults.bpf.o", b"page_fault_kernel", b"page_fault_kernal")
    with Sensor(objects=objects, period=1, ring_bytes={"faults": 64 << 20, "sched": 64 << 20}) as sensor:
        report = run(FAULTS)
        batch = window(sensor)
        assert sensor.sources()["faults"] == "faults_perf"
        said = " ".join(sensor.degradations)
    assert "fault details: not available: faults: " in said
    assert "no such tracepoint" in said
    assert "writes and kernel-mode faults are not told" in said
    mine = batch.faults[batch.faults["tgid"] == report["pid"]]
    assert len(mine) == pytest.approx(report["life"].ru_minflt, rel=0.005)
    assert not mine["flags"].any()
    within = (mine["ts_ns"] >= report["start_ns"]) & (mine["ts_ns"] <= report["end_ns"])
    assert len(np.unique(mine["address"][within] >> 12)) >= PAGES


def test_without_either_scheduling_is_still_watched(objects: Path) -> None:
    spoil(objects / "faults.bpf.o", b"page_fault_kernel", b"page_fault_kernal")
    (objects / "faults_perf.bpf.o").write_bytes((objects / "faults.bpf.o").read_bytes())
    with Sensor(objects=objects, period=64) as sensor:
        run(PING_PONG)
        batch = window(sensor)
        said = [each for each in sensor.degradations if each.startswith("fault details: not available")]
    assert len(said) == 2
    assert len(batch.faults) == 0
    assert len(batch.counts["sched"].keys) > 0
    assert "faults" not in batch.lost


def test_without_its_probe_births_and_deaths_come_from_the_connector(objects: Path) -> None:
    spoil(objects / "lifecycle.bpf.o", b"sched_process_fork", b"sched_process_fark")
    with Sensor(objects=objects) as sensor:
        if sensor.sources().get("lifecycle") != "connector":
            pytest.skip(f"kernel feature: process events ({sensor.degradations[-1]})")
        with subprocess.Popen(["sleep", "600"]) as process:
            while Path(f"/proc/{process.pid}/comm").read_text() != "sleep\n":
                time.sleep(0.01)
            born, batch = told(sensor, process.pid, LifecycleType.EXEC)
            process.kill()
        gone, _ = told(sensor, process.pid, LifecycleType.EXIT)
    assert set(born["type"]) == {LifecycleType.FORK, LifecycleType.EXEC}
    assert born["comm"][-1] == b"sleep"
    assert gone["type"].tolist() == [LifecycleType.EXIT]
    assert batch.lifecycle_whole
    assert "lifecycle" not in batch.lost


def told(sensor: Sensor, pid: int, last: LifecycleType) -> tuple[np.ndarray, EventBatch]:
    """Its records up to that one, and the window in which that came."""
    records: list[np.ndarray] = []
    deadline = time.monotonic() + 60
    while not any((found["type"] == last).any() for found in records):
        assert time.monotonic() < deadline, records
        batch = sensor.collect(time.monotonic_ns() + 50_000_000)
        records.append(batch.lifecycle[batch.lifecycle["tgid"] == pid])
    return np.concatenate(records), batch


def test_without_both_it_is_an_error(objects: Path) -> None:
    spoil(objects / "faults.bpf.o", b"page_fault_user", b"page_fault_xser")
    (objects / "faults_perf.bpf.o").write_bytes((objects / "faults.bpf.o").read_bytes())
    spoil(objects / "sched.bpf.o", b"sched_switch", b"sched_swirch")
    with pytest.raises(HookRefusedError) as refused, Sensor(objects=objects):
        pass
    assert refused.value.missing == "scheduling"
    found = {capability.kind: capability for capability in capabilities(objects)}
    assert not found["scheduling"].usable
    assert "sched_swirch" in found["scheduling"].missing or "on_sched_switch" in found["scheduling"].missing


def test_an_object_of_other_sources_is_refused(objects: Path) -> None:
    spoil(objects / "sched.bpf.o", b"wait_ns", b"waid_ns")
    with (
        pytest.raises(ObjectError, match=r"built from other sources.*run `make setup`"),
        Sensor(objects=objects),
    ):
        pass
