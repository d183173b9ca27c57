"""`lab run` on this host: output, files and exit status come back; the lab's own failures are told apart."""

import os
import signal
import subprocess
import sys
import tarfile
import time
from io import BytesIO
from pathlib import Path

import pytest

from llamas_bpf.lab import Guest, results, run_in_guest

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


def test_a_hang_ends_in_time_leaves_no_qemu_and_what_it_wrote(tmp_path: Path) -> None:
    started = time.monotonic()
    stuck = "trap '' TERM; echo so far >$OUT/f; sleep 1000; sleep 1000"
    words = ["--topology", "flat", "--timeout", "25", "--out", str(tmp_path), "--"]
    done = run(*words, "sh", "-c", stuck)
    assert done.returncode == 125
    assert "raise --timeout" in done.stderr
    assert time.monotonic() - started < 60
    assert not qemus_below(os.getpid())
    assert (tmp_path / "f").read_text() == "so far\n"


def test_a_guest_that_hangs_itself_ends_in_time(tmp_path: Path) -> None:
    """It cannot store anything any more: our own limit ends it."""
    stop_all = "echo 1 >/proc/sys/kernel/sysrq; kill -STOP -1; exec sleep 1000"
    done = run("--topology", "flat", "--timeout", "20", "--out", str(tmp_path), "--", "sh", "-c", stop_all)
    assert done.returncode == 125
    assert "raise --timeout" in done.stderr
    assert not qemus_below(os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_the_status_is_stored_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a result that was torn off in the middle would pass for one that is whole."""
    names: list[str] = []

    def look(archive: Path, _into: Path | None) -> int:
        with tarfile.open(archive) as tar:
            names.extend(tar.getnames())
        return 0

    monkeypatch.setattr(results, "read", look)
    sinks = (BytesIO(), BytesIO())
    run_in_guest(["sh", "-c", "touch $OUT/f"], Guest(topology="flat"), out=tmp_path, sinks=sinks)
    assert names == [".", "./f", "lab-status"]


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
