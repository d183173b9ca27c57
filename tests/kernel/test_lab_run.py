"""`lab run` on this host: output, files and exit status come back; the lab's own failures are told apart."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# The first run builds the guest.
pytestmark = pytest.mark.timeout(900)

LAB_RUN = [sys.executable, "-m", "llamas_bpf.cli", "lab", "run"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAB_RUN, *words], capture_output=True, text=True, check=False)


def test_output_files_and_status_come_back(tmp_path: Path) -> None:
    done = run("--out", str(tmp_path), "--", "sh", "-c", "echo hi; echo err >&2; echo x >$OUT/f; exit 7")
    assert done.returncode == 7, done.stderr
    assert done.stdout == "hi\n"
    assert "err" in done.stderr.splitlines()
    assert (tmp_path / "f").read_text() == "x\n"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_panic_is_reported_with_the_console() -> None:
    done = run("--topology", "flat", "--", "sh", "-c", "echo c >/proc/sysrq-trigger; sleep 60")
    assert done.returncode == 125
    assert "Kernel panic" in done.stderr


def test_a_hang_ends_in_time_and_leaves_no_qemu() -> None:
    started = time.monotonic()
    done = run("--topology", "flat", "--timeout", "20", "--", "sleep", "1000")
    assert done.returncode == 125
    assert "raise --timeout" in done.stderr
    assert time.monotonic() - started < 60
    assert not qemus_below(os.getpid())


def test_interrupting_leaves_nothing(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [*LAB_RUN, "--topology", "flat", "--", "sh", "-c", "echo up; sleep 1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert running.stdout is not None
    with running.stdout:
        assert running.stdout.readline() == b"up\n", "output comes while CMD runs"
        assert qemus_below(running.pid)
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
    assert not qemus_below(os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_topology_is_the_labs_failure() -> None:
    done = run("--topology", "none", "--", "true")
    assert done.returncode == 125
    assert "choose one of classes, cxl, flat" in done.stderr


def qemus_below(pid: int) -> list[int]:
    """Processes called qemu… that descend from this one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [
        int(child) for child in children if b"qemu-system" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return found + [qemu for child in children for qemu in qemus_below(int(child))]
