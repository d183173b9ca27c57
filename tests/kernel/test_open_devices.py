"""Which devices a process has open, by this kernel's own files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llamas_bpf import process_stat
from llamas_bpf.contracts.machine import Device
from llamas_bpf.contracts.workload import ProcessId, Workload
from llamas_bpf.digest import open_devices
from llamas_bpf.digest.open_devices import EVERY_WINDOWS, LOOKED_AT, OpenDevices

PCI = "0000:41:00.0"
HOLDS = """
import sys
held = [open(path, "rb") for path in sys.argv[1:]]
print("up", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(*paths: str) -> Iterator[Workload]:
    """A process that has these open."""
    command = [sys.executable, "-c", HOLDS, *paths]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        stat = process_stat.read(process.pid)
        assert stat
        yield Workload(f"w{process.pid}", "holds", None, None, (ProcessId(process.pid, stat.start_ticks),))
        process.stdin.close()


@pytest.fixture
def sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where /dev/full and /dev/zero are files of two PCI devices, the second behind the first."""
    numbers = {name: Path(f"/dev/{name}").stat().st_rdev for name in ("full", "zero")}
    behind = tmp_path / f"devices/pci0000:40/0000:40:01.0/{PCI}"
    places = {"full": behind / "drm/card0", "zero": behind / "0000:42:00.0/nvme/nvme0"}
    (tmp_path / "char").mkdir()
    for name, number in numbers.items():
        places[name].mkdir(parents=True)
        link = tmp_path / f"char/{os.major(number)}:{os.minor(number)}"
        link.symlink_to(places[name])
    monkeypatch.setattr(open_devices, "DEVICE_NUMBERS", tmp_path)
    return tmp_path


def device(id_: str, pci: str) -> Device:
    return Device(id=id_, kind="some", pci=pci, node=0, description="")


DEVICES = (device("eth0", "0000:42:00.0"), device("gpu0", PCI))


@pytest.mark.usefixtures("sysfs")
def test_devices_are_found_by_their_open_files_and_compute_first() -> None:
    with holding("/dev/zero", "/dev/full", "/dev/null", __file__) as workload:
        assert OpenDevices(DEVICES).look([workload]) == {workload.id: ("gpu0", "eth0")}
    with holding("/dev/zero") as workload:
        assert OpenDevices(DEVICES).look([workload]) == {workload.id: ("eth0",)}
        # One behind it that is not listed itself leads to it.
        assert OpenDevices(DEVICES[1:]).look([workload]) == {workload.id: ("gpu0",)}


def test_a_file_that_is_no_device_of_ours_is_none() -> None:
    with holding("/dev/null", __file__) as workload:
        assert OpenDevices(DEVICES).look([workload]) == {workload.id: ()}
        assert OpenDevices(()).look([workload]) == {}


@pytest.mark.usefixtures("sysfs")
def test_each_is_looked_at_now_and_then_and_never_all_at_once() -> None:
    found = OpenDevices(DEVICES)
    with holding("/dev/zero") as one:
        gone = [Workload(f"w{n}", "gone", None, None, (ProcessId(1 << 22, 1),)) for n in range(LOOKED_AT)]
        assert found.look([one, *gone]).keys() == {one.id, "w0", "w1", "w2"}
        ended = Workload(one.id, "ended", None, None, ())
        for _ in range(EVERY_WINDOWS - 1):
            assert found.look([ended, *gone])[one.id] == ("eth0",)
        assert found.look([ended, *gone])[one.id] == ()
        assert found.look(gone).keys() == {"w0", "w1", "w2", "w3"}


def test_nvidias_cards_are_found_where_its_driver_lists_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_devices, "NVIDIA", tmp_path)
    monkeypatch.setattr(open_devices, "NVIDIA_MAJOR", os.major(Path("/dev/full").stat().st_rdev))
    for pci, minor in (("0000:01:00.0", 1), (PCI, os.minor(Path("/dev/full").stat().st_rdev))):
        (tmp_path / pci).mkdir()
        (tmp_path / pci / "information").write_text(f"Model: \t\t Some\nDevice Minor: \t {minor}\n")
    with holding("/dev/full") as workload:
        assert OpenDevices(DEVICES).look([workload]) == {workload.id: ("gpu0",)}


def test_only_of_files_that_lie_in_memory_is_asked() -> None:
    """What lies on FUSE may wait for a server that says nothing."""
    with Path("/dev/null").open() as device, Path("/proc/self/stat").open() as other:
        answers = [open_devices._answers_at_once(os.getpid(), str(file.fileno())) for file in (device, other)]
    assert answers == [True, False]
