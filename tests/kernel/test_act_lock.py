"""One enforcing controller per host."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llamas_bpf.act import enforcing_lock
from llamas_bpf.errors import LlamasError

HOLDING = """
import sys
from pathlib import Path
from llamas_bpf.act import enforcing_lock
with enforcing_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_is_first(tmp_path: Path) -> None:
    path = tmp_path / "run/enforce.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with (
            pytest.raises(LlamasError, match=f"process {first.pid} is already enforcing"),
            enforcing_lock(path),
        ):
            pass
        first.kill()
    with enforcing_lock(path):
        assert path.read_text() == f"{os.getpid()}\n"
    assert path.read_text() == ""


def test_who_is_no_more_is_not_named(tmp_path: Path) -> None:
    """A child forked by a controller that was killed keeps the lock, under its parent's id."""
    path = tmp_path / "enforce.lock"
    ended = subprocess.Popen(["true"])
    ended.wait()
    with path.open("w") as file:
        file.write(f"{ended.pid}\n")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with (
            pytest.raises(LlamasError, match="another process holds"),
            enforcing_lock(path),
        ):
            pass


def test_nobody_else_can_take_it(tmp_path: Path) -> None:
    """flock(2) asks for no right to write: whoever can read the file could keep us from starting."""
    path = tmp_path / "enforce.lock"
    path.touch()
    path.chmod(0o644)
    with enforcing_lock(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "enforce.lock").symlink_to(tmp_path / "victim")
    with (
        pytest.raises(LlamasError, match="cannot be used as a lock"),
        enforcing_lock(tmp_path / "enforce.lock"),
    ):
        pass
    assert not (tmp_path / "victim").exists()
