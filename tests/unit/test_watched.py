"""What makes the controller read its machine again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_machine_facts import put

from llamas_bpf.machine.watched import signature

MEMINFO = "sys/devices/system/node/node0/meminfo"
FILES = {
    "sys/devices/system/cpu/online": "0-3",
    "sys/devices/system/node/online": "0-1",
    "sys/devices/system/node/has_memory": "0-1",
    MEMINFO: "Node 0 MemTotal: 1000000 kB",
    "sys/devices/virtual/memory_tiering/memory_tier4/nodelist": "0-1",
    "sys/bus/pci/devices/0000:00:01.0/class": "0x020000",
    "proc/swaps": "Filename Type Size Used Priority\n/dev/vda3 partition 1024 0 -2",
    "state/profiles/cxl.json": "{}",
    "state/measured.json": "{}",
}


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda root: put(root, {"sys/devices/system/cpu/online": "0,2-3"}), True),
        (lambda root: put(root, {"sys/devices/system/node/online": "0"}), True),
        (lambda root: put(root, {"sys/devices/system/node/has_memory": "0"}), True),
        (lambda root: put(root, {"sys/devices/virtual/memory_tiering/memory_tier4/nodelist": "0"}), True),
        (lambda root: put(root, {"sys/devices/virtual/memory_tiering/memory_tier9/nodelist": "1"}), True),
        (lambda root: put(root, {MEMINFO: "Node 0 MemTotal: 2000000 kB"}), True),
        (lambda root: put(root, {MEMINFO: "Node 0 MemTotal: 1000001 kB"}), False),
        (lambda root: put(root, {"proc/swaps": "Filename Type Size Used Priority"}), True),
        (lambda root: put(root, {"proc/swaps": FILES["proc/swaps"].replace("1024 0", "1024 512")}), False),
        (lambda root: put(root, {"sys/bus/pci/devices/0000:00:02.0/class": "0x020000"}), True),
        (lambda root: put(root, {"state/profiles/other.json": "{}"}), True),
        (lambda root: (root / "state/measured.json").unlink(), True),
        (lambda root: None, False),
    ],
)  # fmt: skip
def test_what_comes_and_goes_is_noticed(
    tmp_path: Path, change: Callable[[Path], object], differs: bool
) -> None:
    put(tmp_path, FILES)
    before = signature(tmp_path / "state", tmp_path)
    change(tmp_path)
    assert (signature(tmp_path / "state", tmp_path) != before) is differs


def test_a_kernel_that_has_none_of_it_can_be_watched(tmp_path: Path) -> None:
    assert signature(tmp_path / "state", tmp_path) == signature(tmp_path / "state", tmp_path)
