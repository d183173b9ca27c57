"""The build leaves alone what is fresh, and names the fix for what is not installed."""

import os
from pathlib import Path

import pytest

pytest.importorskip("setuptools", reason="only a build needs setuptools")

from setuptools.errors import PlatformError

from llamas_bpf.native import build


def test_newer_than_all_its_inputs_is_fresh(tmp_path: Path) -> None:
    inputs = [tmp_path / "a.c", tmp_path / "a.h"]
    output = tmp_path / "a.o"
    for age, path in enumerate([*inputs, output]):
        path.touch()
        os.utime(path, (age, age))
    assert build.is_fresh(output, inputs)
    os.utime(inputs[0], (9, 9))
    assert not build.is_fresh(output, inputs)
    assert not build.is_fresh(tmp_path / "none.o", inputs)


def test_a_missing_compiler_is_named_with_its_fix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match=r"clang is not installed.*apt-get install clang"):
        build.require("bpf/libbpf.h")


@pytest.mark.skipif(not Path("/usr/bin/clang").exists(), reason="clang is not installed")
def test_a_missing_header_is_named_with_its_fix() -> None:
    with pytest.raises(PlatformError, match=r"bpf/none\.h is not installed.*libbpf-dev"):
        build.require("bpf/none.h")
