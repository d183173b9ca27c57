"""DAMON serves one at a time: whoever reads its state meanwhile is told to come again."""

import errno
from pathlib import Path

import pytest

from llamas_bpf.damon import sysfs


@pytest.mark.parametrize(("refusals", "error"), [(3, errno.EBUSY), (1, errno.EINVAL), (1000, errno.EBUSY)])
def test_a_reader_waits_for_those_who_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int, error: int
) -> None:
    state = tmp_path / "state"
    state.write_text("on\n")
    read, tried = Path.read_text, 0

    def busy(path: Path, encoding: str | None = None, errors: str | None = None) -> str:
        nonlocal tried
        tried += 1
        if tried <= refusals:
            raise OSError(error, "no")
        return read(path, encoding, errors)

    monkeypatch.setattr(Path, "read_text", busy)
    if (refusals, error) == (3, errno.EBUSY):
        assert sysfs.read(state) == "on"
        assert tried == 4
    else:
        with pytest.raises(OSError, match="no"):
            sysfs.read(state)
        assert tried < 100
