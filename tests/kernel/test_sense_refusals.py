"""One kind refused is a named degradation; both, or an object of other sources, is an error."""

import os
import shutil
import time
from pathlib import Path

import pytest
from sense_children import PING_PONG, run

from llamas_bpf.sense.errors import HookRefusedError, ObjectError
from llamas_bpf.sense.probes import OBJECTS, capabilities
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


def test_everything_is_usable_here() -> None:
    for found in capabilities():
        assert found.usable, found.reason
        assert all(hook.startswith("tp_btf/") for hook in found.hooks)
        assert found.reason is None


def test_without_faults_scheduling_is_still_watched(objects: Path) -> None:
    spoil(objects / "faults.bpf.o", b"page_fault_kernel", b"page_fault_kernal")
    with Sensor(objects=objects) as sensor:
        run(PING_PONG)
        batch = sensor.collect(time.monotonic_ns())
        (degradation,) = sensor.degradations
    assert "faults" in degradation
    assert "no such tracepoint" in degradation
    assert "on_page_fault_" in degradation
    assert len(batch.faults) == 0
    assert len(batch.sched) > 0
    assert "faults" not in batch.lost


def test_without_both_it_is_an_error(objects: Path) -> None:
    spoil(objects / "faults.bpf.o", b"page_fault_user", b"page_fault_xser")
    spoil(objects / "sched.bpf.o", b"sched_migrate_task", b"sched_migrate_tusk")
    with pytest.raises(HookRefusedError) as refused, Sensor(objects=objects):
        pass
    assert refused.value.missing == "faults"
    found = {capability.kind: capability for capability in capabilities(objects)}
    assert not found["sched"].usable
    assert "tp_btf/sched_migrate_tusk" in found["sched"].hooks
    assert "sched" in str(found["sched"].reason)


def test_an_object_of_other_sources_is_refused(objects: Path) -> None:
    spoil(objects / "sched.bpf.o", b"prev_run_ns", b"prev_ran_ns")
    with (
        pytest.raises(ObjectError, match=r"built from other sources.*run `make setup`"),
        Sensor(objects=objects),
    ):
        pass
