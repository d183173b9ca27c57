"""The box's disk and what libvirt runs, as bytes and text; the box itself is built and booted by hand."""

import json
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from llamas_bpf.lab import box, cache, disk, image, kernel, packages
from llamas_bpf.lab import emulator as emulator_module
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


def emulator(does: str, tmp_path: Path) -> Emulator:
    return Emulator(("/bin/sh", "-c", does, "a b"), {"HERE": "it's"}, tmp_path / "lock")


def test_the_script_keeps_its_qemu_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said: list[str] = []

    def build(place: Path) -> None:
        (place / "qemu").write_text("#!/bin/sh\necho runs\nread -r wait\n")
        (place / "qemu").chmod(0o755)

    with cache.entry("qemu", {}, build, said.append) as place:
        script = tmp_path / "script"
        script.write_text(qemu_script(Emulator((str(place / "qemu"),), {}, cache.lock_of(place))))
    with subprocess.Popen(["sh", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"runs\n"
        cache.clean(said.append)
        assert place.is_dir()
        running.communicate(b"go\n")
    cache.clean(said.append)
    assert said == [f"{place.name} is in use: kept", f"{place.name} removed"]
    again = subprocess.run(["sh", script], capture_output=True, text=True)
    assert again.returncode == 1
    assert "not in the lab's cache any more: run make vagrant-box" in again.stderr


def test_one_build_of_the_box_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits, and finds that Vagrant has the box by then; `lab clean` leaves the build alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path / "home"))
    said: list[str] = []
    second = threading.Thread(target=lambda: box.add_box(said.append))
    with cache.alone("box", said.append) as work:
        second.start()
        while not said:
            time.sleep(0.01)
        (work / "disk").write_text("half")
        cache.clean(said.append)
        assert (work / "disk").is_file()
        place = tmp_path / "home/boxes/llamas-bpf/0/libvirt"
        place.mkdir(parents=True)
        (place / "metadata.json").write_text(json.dumps({"recipe": cache.digest(box.recipe())}))
    second.join()
    assert said == [
        "waiting for another run, which is building or using box",
        "box.building is in use: kept",
        "Vagrant has the box llamas-bpf",
    ]
    assert not work.exists()


def test_a_build_that_is_ended_tidies_up_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here while it waits for another. By itself SIGTERM would give -15, and no `finally` a turn."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path / "home"))
    build = [sys.executable, "-m", "llamas_bpf.lab.vagrant"]
    with (
        cache.alone("box", print),
        subprocess.Popen(build, stderr=subprocess.PIPE, text=True) as waiting,
    ):
        assert waiting.stderr is not None
        assert "waiting for another run" in waiting.stderr.readline()
        waiting.terminate()
        assert waiting.wait(timeout=100) == 143


@pytest.mark.parametrize(
    ("recipe", "modules"),
    [
        (image.recipe(), [image, packages, disk]),
        (kernel.recipe("6.1"), [kernel, packages, disk]),
        (emulator_module.recipe(), [emulator_module, packages]),
        (box.recipe(), [box, image, packages, disk]),
    ],
    ids=["image", "kernel", "qemu", "box"],
)
def test_a_recipe_has_all_code_that_determines_the_result(
    recipe: dict[str, object], modules: list[ModuleType]
) -> None:
    for module in modules:
        assert Path(str(module.__file__)).read_text() in cast(list[str], recipe["how"])


def test_the_script_passes_on_every_word(tmp_path: Path) -> None:
    script = tmp_path / "qemu"
    script.write_text(qemu_script(emulator('echo "$HERE:$*"', tmp_path)))
    said = subprocess.run(["sh", script, "-m", "1 G"], capture_output=True, text=True, check=True).stdout
    assert said == "it's:-m 1 G\n"
