"""What makes the controller read its machine again."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from test_machine_facts import put

from llamas_bpf.config import Config
from llamas_bpf.machine.watched import Watched, resized, signature, sizes

FILES = {
    "sys/devices/system/cpu/online": "0-3",
    "sys/devices/system/node/online": "0-1",
    "sys/devices/system/node/has_memory": "0-1",
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
    before = signature(tmp_path / "state", (), tmp_path)
    change(tmp_path)
    assert (signature(tmp_path / "state", (), tmp_path) != before) is differs


def test_a_text_that_is_written_changed_or_taken_away_is_noticed(tmp_path: Path) -> None:
    text = tmp_path / "policies/devices/cxl.md"
    text.parent.mkdir(parents=True)
    watched = Watched(Config(policies=tmp_path / "policies"), tmp_path / "state")

    def latencies() -> list[float | None]:
        return [each.read_latency_ns for each in watched.look().profiles]

    assert latencies() == []
    text.write_text("Reads take 250 ns.")
    assert latencies() == [250]
    (text.parent / "new").write_text("Reads take 90 ns.")
    (text.parent / "new").replace(text)
    assert latencies() == [90]
    text.unlink()
    assert latencies() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root is afraid of what others can write")
def test_a_text_that_is_put_right_is_noticed(tmp_path: Path) -> None:
    put(tmp_path, {"policies/devices/cxl.md": "Reads take 250 ns."})
    text = tmp_path / "policies/devices/cxl.md"
    text.chmod(0o666)
    watched = Watched(Config(policies=tmp_path / "policies"), tmp_path / "state")
    assert (watched.machine.profiles, len(watched.machine.notes)) == ((), 1)
    text.chmod(0o644)
    assert (len(watched.look().profiles), watched.machine.notes) == (1, ())


@pytest.mark.parametrize(
    ("texts", "differs"),
    [
        ({0: "MemTotal:  1100000 kB", 1: "MemTotal: 0 kB"}, False),
        ({0: "MemTotal:  1200000 kB", 1: "MemTotal: 0 kB"}, True),
        ({0: "MemTotal:  800000 kB", 1: "MemTotal: 0 kB"}, True),
        ({0: "MemTotal:  1000000 kB", 1: "MemTotal: 64 kB"}, True),
    ],
)
def test_a_node_that_becomes_much_larger_or_smaller_is_noticed(
    tmp_path: Path, texts: dict[int, str], differs: bool
) -> None:
    def told(texts: dict[int, str]) -> dict[str, int]:
        for node, text in texts.items():
            meminfo = f"Node {node} {text}\nNode {node} MemFree: 5 kB"
            put(tmp_path, {f"sys/devices/system/node/node{node}/meminfo": meminfo})
        return sizes(tmp_path)

    before = told({0: "MemTotal:  1000000 kB", 1: "MemTotal: 0 kB"})
    assert before == {"node0": 1_000_000, "node1": 0}
    assert resized(before, told(texts)) is differs


def test_a_kernel_that_has_none_of_it_can_be_watched(tmp_path: Path) -> None:
    assert signature(tmp_path / "state", (), tmp_path) == signature(tmp_path / "state", (), tmp_path)
