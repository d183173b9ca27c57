"""What reading a device text may come to for a controller."""

from pathlib import Path

import pytest

from llamas_bpf.config import Config
from llamas_bpf.contracts.profile import DeviceProfile
from llamas_bpf.machine import profiles
from llamas_bpf.machine.texts import reading
from llamas_bpf.machine.texts.text import DeviceText


def test_a_text_that_breaks_the_reader_takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tmp_path / "devices"
    texts.mkdir()
    for name in ("bad", "good"):
        (texts / f"{name}.md").write_text(f"{name}: memory that reads in 90 ns")
    read = reading.read

    def breaks(text: DeviceText) -> DeviceProfile:
        if text.name == "bad":
            raise IndexError("list index out of range")
        return read(text)

    monkeypatch.setattr(reading, "read", breaks)
    profiles.read_offline.cache_clear()
    found, wrong = profiles.load(Config(policies=tmp_path), None)
    assert [profile.name for profile in found] == ["good"]
    (sentence,) = wrong
    assert sentence.startswith("bad.md: a bug in the offline reader (IndexError")
