"""The box's disk and what libvirt runs, as bytes and text; the box itself is built and booted by hand."""

import json
import struct
import subprocess
from pathlib import Path

import pytest

from llamas_bpf.lab import box
from llamas_bpf.lab.emulator import Emulator
from llamas_bpf.lab.vagrant import qemu_script

DISK_BYTES = 4 << 30


def partitions(table: bytes) -> list[tuple[int, int, int, int]]:
    """State, type, first sector and length of each partition in use."""
    records = (struct.unpack("<B3xB3xII", table[6 + 16 * i : 22 + 16 * i]) for i in range(4))
    return [record for record in records if record[3]]


def test_the_table_fits_behind_the_boot_code() -> None:
    table = box.partition_table(DISK_BYTES)
    assert len(table) == 512 - 440
    assert table.endswith(b"\x55\xaa")


def test_the_boot_partition_and_the_root_share_the_disk() -> None:
    boot, root = partitions(box.partition_table(DISK_BYTES))
    assert boot[0] == 0x80, "the boot code looks for the active partition"
    assert boot[2] + boot[3] == root[2]
    assert (root[2] + root[3]) * 512 == DISK_BYTES


def test_a_box_is_known_by_its_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path))
    assert box.added_recipe() is None
    place = tmp_path / "boxes/llamas-bpf/0/libvirt"
    place.mkdir(parents=True)
    (place / "metadata.json").write_text(json.dumps({"provider": "libvirt"}))
    assert box.added_recipe() is None, "somebody else's"
    (place / "metadata.json").write_text(json.dumps({"provider": "libvirt", "recipe": "abc"}))
    assert box.added_recipe() == "abc"


def test_the_script_passes_on_every_word(tmp_path: Path) -> None:
    script = tmp_path / "qemu"
    script.write_text(qemu_script(Emulator(("sh", "-c", 'echo "$HERE:$*"', "a b"), {"HERE": "it's"})))
    said = subprocess.run(["sh", script, "-m", "1 G"], capture_output=True, text=True, check=True).stdout
    assert said == "it's:-m 1 G\n"
