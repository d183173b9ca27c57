"""What is missing is named, with what to type next. Nothing here needs root or loads a program."""

import shutil
from pathlib import Path

import pytest

from llamas_bpf.sense import probes
from llamas_bpf.sense.capabilities import capabilities
from llamas_bpf.sense.errors import NoBtfError, NoPrivilegeError, ObjectError, SenseError
from llamas_bpf.sense.kinds import KINDS
from llamas_bpf.sense.sensor import Sensor

HEADER = Path(__file__).resolve().parents[2] / "bpf" / "events.h"


def test_without_privilege(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_effective_capabilities", lambda: 0)
    with pytest.raises(NoPrivilegeError, match="sudo") as error, Sensor():
        pass
    assert error.value.missing == "CAP_BPF"
    assert error.value.exit_status == 3


def test_capabilities_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_effective_capabilities", lambda: 0)
    found = capabilities()
    assert len(found) == len(KINDS)
    for capability in found:
        assert not capability.usable
        assert "root" in capability.missing


def test_without_btf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(probes, "BTF", tmp_path / "vmlinux")
    with pytest.raises(NoBtfError, match="CONFIG_DEBUG_INFO_BTF"):
        probes.require_btf()


def test_without_the_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError("libbpf.so.1: cannot open shared object file")

    monkeypatch.setattr(probes, "load_binding", missing)
    with pytest.raises(ObjectError, match=r"libbpf\.so\.1.*libbpf1"), Sensor():
        pass


def test_without_objects(tmp_path: Path) -> None:
    with pytest.raises(ObjectError, match="run `make setup`"), Sensor(objects=tmp_path):
        pass
    shutil.copy(HEADER, tmp_path)
    with pytest.raises(ObjectError, match=r"sched\.bpf\.o is missing"), Sensor(objects=tmp_path):
        pass


def test_an_object_that_is_none(tmp_path: Path) -> None:
    shutil.copy(HEADER, tmp_path)
    (tmp_path / "sched.bpf.o").write_bytes(b"not ELF")
    with pytest.raises(SenseError, match="cannot be read"), Sensor(objects=tmp_path):
        pass


def test_layouts_of_other_sources(tmp_path: Path) -> None:
    objects = Path(shutil.copytree(probes.OBJECTS, tmp_path / "bpf"))
    header = objects / "events.h"
    header.write_text(header.read_text().replace("__u64 address;", "__u32 address;"))
    with pytest.raises(ObjectError, match="built from other sources"), Sensor(objects=objects):
        pass


@pytest.mark.parametrize("size", [0, 100, 4097, 12288])
def test_a_ring_of_no_possible_size(size: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Sensor(ring_bytes={"faults": size})


def test_a_ring_of_no_kind() -> None:
    with pytest.raises(ValueError, match=r"'fault'.*sched, faults"):
        Sensor(ring_bytes={"fault": 4096})


@pytest.mark.parametrize("period", [0, 3, -1])
def test_a_period_that_cannot_be(period: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Sensor(period=period)
