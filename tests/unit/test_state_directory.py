"""``--state``: what is no directory, and what is no store in it, is refused at once and named."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from llamas_bpf.cli import explain, export, rollback
from llamas_bpf.config import StoreConfig
from llamas_bpf.errors import ConfigError
from llamas_bpf.store import Reader, Store
from llamas_bpf.store.database import FILE


def explained(state: str) -> Result:
    return CliRunner().invoke(explain.command, ["--state", state], catch_exceptions=False)


@pytest.mark.parametrize("command", [explain.command, export.command, rollback.command])
@pytest.mark.parametrize(
    ("name", "make"),
    [("pipe", os.mkfifo), ("file", Path.touch), ("loop", lambda path: path.symlink_to(path))],
)
def test_what_is_no_directory(
    tmp_path: Path, command: object, name: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / name)
    done = CliRunner().invoke(command, ["--state", str(tmp_path / name)])  # type: ignore[arg-type]
    assert done.exit_code == 2
    assert any(why in done.stderr for why in ("is not a directory", "is a file", "symbolic links"))


def test_a_variable_that_is_not_set_is_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "an empty name is not a directory" in explained("").stderr
    assert explained("x" * 300).exit_code == 2


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/etc/passwd")],
    ids=["pipe", "folder", "link"],
)
def test_what_is_no_store_is_not_waited_for_nor_followed(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / FILE)
    with pytest.raises(ConfigError, match="is not a plain file"):
        Reader.open(tmp_path).decisions()
    with pytest.raises(ConfigError, match="is not a plain file"):
        Store(tmp_path, StoreConfig())


@pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root can give a file away")
def test_somebody_elses_store_is_not_read(tmp_path: Path) -> None:
    (tmp_path / FILE).touch(0o600)
    os.chown(tmp_path / FILE, 12345, 0)
    with pytest.raises(ConfigError, match="belongs to uid 12345"):
        Reader.open(tmp_path).decisions()
