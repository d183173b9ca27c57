"""Which of systemd's files are removed: only plain ones of the knob's own, through no symbolic link."""

import os
from pathlib import Path

import pytest

from llamas_bpf.act import drop_ins

UNIT = "x.service"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(drop_ins, "_PLACE", tmp_path)
    directory = tmp_path / f"{UNIT}.d"
    directory.mkdir()
    return directory


def test_both_files_of_a_quota_and_no_others(place: Path) -> None:
    for name in ("50-CPUQuota.conf", "50-CPUQuotaPeriodSec.conf", "50-CPUWeight.conf"):
        (place / name).write_text("[Service]\n")
    assert not drop_ins.absent(UNIT, "cpu.max")
    drop_ins.remove(UNIT, "cpu.max")
    assert drop_ins.absent(UNIT, "cpu.max")
    assert [path.name for path in place.iterdir()] == ["50-CPUWeight.conf"]


def test_a_link_stays_and_counts_as_there(place: Path, tmp_path: Path) -> None:
    (place / "50-CPUWeight.conf").symlink_to(tmp_path / "nowhere")
    assert not drop_ins.absent(UNIT, "cpu.weight")
    drop_ins.remove(UNIT, "cpu.weight")
    assert (place / "50-CPUWeight.conf").is_symlink()


def test_a_directory_behind_a_link_is_not_entered(place: Path, tmp_path: Path) -> None:
    (place / "50-CPUWeight.conf").write_text("[Service]\n")
    (tmp_path / "y.service.d").symlink_to(place)
    with pytest.raises(NotADirectoryError):
        drop_ins.remove("y.service", "cpu.weight")
    assert (place / "50-CPUWeight.conf").exists()


def test_somebody_elses_file_stays(place: Path) -> None:
    (place / "50-CPUWeight.conf").write_text("[Service]\n")
    os.chown(place / "50-CPUWeight.conf", 65534, 65534)
    drop_ins.remove(UNIT, "cpu.weight")
    assert (place / "50-CPUWeight.conf").exists()


def test_nothing_there_is_well(place: Path) -> None:
    drop_ins.remove(UNIT, "cpu.weight")
    drop_ins.remove("other.slice", "cpu.weight")
