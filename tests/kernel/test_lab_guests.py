"""Guests that are more than one command: a person's terminal, the tests, systemd, and disks that are full."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

# The first run builds the guest.
pytestmark = pytest.mark.timeout(900)

LAB = [sys.executable, "-m", "llamas_bpf.cli", "lab"]


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAB, *words], capture_output=True, text=True, check=False)


def read_until(terminal: int, wanted: bytes, seconds: float = 300) -> bytes:
    """What the terminal shows, up to and with this."""
    seen, ends = b"", time.monotonic() + seconds
    while wanted not in seen:
        assert time.monotonic() < ends, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096)
    return seen


def test_a_shell_is_a_terminal_with_job_control() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(LAB[0], [*LAB, "shell", "--topology", "flat", "--kernel", "6.1"])
    try:
        read_until(terminal, b"# ")
        os.write(terminal, b"tty; sh -c 'expr 40 + 2; exec sleep 100'\n")
        assert b"/dev/hvc0" in read_until(terminal, b"42\r\n")  # and no echo of what was typed
        os.write(terminal, b"\x03")  # Ctrl-C is the guest's
        os.write(terminal, b"echo interrupted=$?; uname -r; exit 7\n")
        seen = read_until(terminal, b"-cloud-amd64")
        assert b"interrupted=130" in seen
        assert b"6.1." in seen
        while select.select([terminal], [], [], 30)[0]:
            try:
                os.read(terminal, 4096)
            except OSError:  # the other side is closed
                break
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        pid = 0
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
        os.close(terminal)


def hang_up(terminal: int) -> None:
    """The last descriptor of the terminal's other side goes, as when its window is closed."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, terminal)
    os.close(nothing)


def shell_ended_by(act: Callable[[int, int], None], when: bytes, tmp_path: Path) -> tuple[int, bytes]:
    """The exit status of a shell to which this happens, and what it said first."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TMPDIR"] = str(tmp_path)
        os.execv(LAB[0], [*LAB, "shell", "--topology", "flat"])
    try:
        seen = read_until(terminal, when)
        assert list(tmp_path.iterdir())
        act(pid, terminal)
        with suppress(OSError):  # the other side is closed
            while select.select([terminal], [], [], 30)[0] and os.read(terminal, 4096):
                pass
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen
    finally:
        os.close(terminal)


@pytest.mark.parametrize(
    ("act", "when", "status"),
    [
        pytest.param(lambda _, terminal: os.write(terminal, b"\x1d"), b"# ", 130, id="Ctrl-] at its prompt"),
        pytest.param(lambda _, terminal: os.write(terminal, b"\x03"), b"booting", 130, id="Ctrl-C before"),
        pytest.param(lambda _, terminal: hang_up(terminal), b"# ", 129, id="its terminal went"),
        pytest.param(lambda pid, _: os.kill(pid, signal.SIGTERM), b"# ", 143, id="SIGTERM"),
    ],
)
def test_a_shell_that_is_ended_leaves_nothing(
    act: Callable[[int, int], None], when: bytes, status: int, tmp_path: Path
) -> None:
    ended, said = shell_ended_by(act, when, tmp_path)
    assert ended == status
    assert b"Ctrl-] ends the guest" in said
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_there_is_no_shell() -> None:
    done = subprocess.run([*LAB, "shell"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 125
    assert "use lab run -- CMD... instead" in done.stderr


def test_tests_run_under_systemd_and_come_back(tmp_path: Path) -> None:
    done = lab("test", "--init", "systemd", "--json", "--out", str(tmp_path), "--", "tests/lab/test_boot.py")
    result = json.loads(done.stdout)
    assert (result["trouble"], result["failed"], done.returncode) == (None, [], 0), done.stderr
    assert result["passed"] > 5
    assert result["release"].startswith("6.12.")
    assert " passed" in (tmp_path / "output.txt").read_text()
    assert (tmp_path / "junit.xml").is_file()


def test_words_that_name_no_file_are_about_the_labs_tests(tmp_path: Path) -> None:
    """Those for a host are not run in the guest, though one of them is called as -k says."""
    either = "test_the_kernel_is_the_one_asked_for or test_an_unknown_topology_names_those_that_exist"
    done = lab("test", "--topology", "flat", "--json", "--out", str(tmp_path), "--", "-k", either)
    result = json.loads(done.stdout)
    assert (result["passed"], result["failed"], result["trouble"]) == (1, [], None), done.stderr


def test_a_guest_that_dies_is_a_row_of_the_matrix(tmp_path: Path) -> None:
    """All tests, far longer than the guest has."""
    old = tmp_path / "6.1-flat/junit.xml"
    old.parent.mkdir()
    old.write_text("from an earlier run")
    words = ("--kernel", "6.1", "--topology", "flat", "--out", str(tmp_path), "--timeout", "10")
    done = lab("matrix", *words)
    assert done.returncode == 1
    assert "(guest)" in done.stdout
    assert "6.1 on flat FAILED:" in done.stdout
    assert "its console ended with:" in done.stdout
    assert not old.exists()


def test_a_full_disk_is_the_commands_own_trouble(tmp_path: Path) -> None:
    fill = "fallocate -l 100G /full; echo more >/more || exit 9"
    done = lab("run", "--topology", "flat", "--out", str(tmp_path), "--", "sh", "-c", fill)
    assert done.returncode == 9, done.stderr
    assert "No space left on device" in done.stderr
