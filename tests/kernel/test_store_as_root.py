"""What the store refuses as root, and how it meets a full and a read-only disk."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llamas_bpf.config import StoreConfig
from llamas_bpf.errors import ConfigError, MissingError
from llamas_bpf.store import Reader, Store, StoreError

CHILD = Path(__file__).with_name("store_full_disk.py")


def test_a_full_or_read_only_disk_is_named_and_survived(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, CHILD, tmp_path],
        env={**os.environ, "PYTHONPATH": str(CHILD.parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "recovered\n"), done.stderr


@pytest.mark.parametrize(
    "open_it",
    [lambda state: Store(state, StoreConfig()), lambda state: Reader.open(state).decisions()],
    ids=["to write", "to read"],
)
def test_a_foreign_or_writable_state_is_refused(tmp_path: Path, open_it: Callable[[Path], object]) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    with pytest.raises(ConfigError, match=f"chmod go-w {state}"):
        open_it(state)
    state.chmod(0o700)
    os.chown(state, 12345, 0)
    with pytest.raises(ConfigError, match=f"chown root {state}"):
        open_it(state)


def test_a_state_that_turns_foreign_is_a_passing_trouble(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Store(state, StoreConfig()) as store:
        state.rename(tmp_path / "aside")
        state.mkdir(mode=0o700)
        os.chown(state, 12345, 0)
        with pytest.raises(StoreError, match=f"chown root {state}"):
            store.decisions()
        os.chown(state, 0, 0)
        assert store.decisions() == []


def test_other_users_are_told_to_become_root(tmp_path: Path) -> None:
    with Store(tmp_path / "state", StoreConfig()):
        pass
    os.seteuid(65534)
    try:
        with pytest.raises(MissingError, match="with sudo"):
            Reader.open(tmp_path / "state").decisions()
    finally:
        os.seteuid(0)
