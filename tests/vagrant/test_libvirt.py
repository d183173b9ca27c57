"""A libvirtd of our own, really started by a copy of the script, to which this machine's is hidden."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "vagrant/libvirt"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return Path(shutil.copy(SCRIPT, tmp_path / "libvirt"))


def in_own_run(shell: str, script: Path) -> subprocess.CompletedProcess[str]:
    hide: list[str | Path] = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f"mount -t tmpfs tmpfs /run; {shell}",
        "sh",
        script,
    ]
    return subprocess.run(hide, capture_output=True, text=True, timeout=60)


def daemons(of: Path) -> list[int]:
    """The processes 1 of libvirtds whose state lies below this directory."""
    state, found = str(of / ".vagrant/libvirt").encode(), []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = cmdline.read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if words[0] == b"unshare" and state in words:
            found.append(int(cmdline.parent.name))
    return found


def test_two_starts_at_once_start_one(script: Path) -> None:
    try:
        both = in_own_run('"$1" start & one=$!; "$1" start & wait $one && wait $!', script)
        assert both.returncode == 0, both.stderr
        assert len(daemons(script.parent)) == 1
    finally:
        stopped = in_own_run('"$1" stop', script)
    assert stopped.returncode == 0, stopped.stderr
    assert daemons(script.parent) == []
    assert [path.name for path in (script.parent / ".vagrant").iterdir()] == ["libvirt.lock"]


def test_who_is_not_root_is_told_so(script: Path, tmp_path: Path) -> None:
    (tmp_path / "libvirt").chmod(0o755)
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash"]
    done = in_own_run(f'{" ".join(as_nobody)} -s start <"$1"', script)
    assert done.returncode == 3
    assert "needs root: sudo" in done.stderr
