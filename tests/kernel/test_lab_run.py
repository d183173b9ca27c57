"""`lab run` on this host: output, files and exit status come back; the lab's own failures are told apart."""

import math
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from llamas_bpf.lab import Guest, results, run_in_guest

# The first run builds the guest.
pytestmark = pytest.mark.timeout(900)

LAB_RUN = [sys.executable, "-m", "llamas_bpf.cli", "lab", "run"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAB_RUN, *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A run of which several tests are told; and what it left."""
    out = tmp_path_factory.mktemp("out")
    return run("--out", str(out), "--", "sh", "-c", "echo hi; echo err >&2; echo x >$OUT/f; exit 7"), out


@pytest.fixture(scope="module")
def limit_s(first: tuple[subprocess.CompletedProcess[str], Path]) -> int:
    """Long enough for a guest to come up here and now, and for a little more."""
    up = re.search(r"guest up after ([0-9.]+) s", first[0].stderr)
    assert up, first[0].stderr
    return 3 * math.ceil(float(up[1]))


def test_output_files_and_status_come_back(first: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, out = first
    assert done.returncode == 7, done.stderr
    assert done.stdout == "hi\n"
    assert "err" in done.stderr.splitlines()
    assert (out / "f").read_text() == "x\n"
    assert [path.name for path in out.iterdir()] == ["f"]


def test_a_panic_is_reported_with_the_console() -> None:
    done = run("--topology", "flat", "--", "sh", "-c", "echo c >/proc/sysrq-trigger; sleep 60")
    assert done.returncode == 125
    assert "Kernel panic" in done.stderr


def ended(limit_s: int, out: Path, script: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """A run that does not end by itself, and the seconds that it was given: more, where the guest came up for
    none of them."""
    words = ["--topology", "flat", "--timeout", str(limit_s), "--out", str(out), "--"]
    done = run(*words, "sh", "-c", script)
    if "did not come up" in done.stderr:
        return ended(2 * limit_s, out, script)
    return done, limit_s


def test_a_hang_ends_in_time_leaves_no_qemu_and_what_it_wrote(tmp_path: Path, limit_s: int) -> None:
    stuck = "trap '' TERM; echo so far >$OUT/f; sleep 1000; sleep 1000"
    started = time.monotonic()
    done, given_s = ended(limit_s, tmp_path, stuck)
    assert done.returncode == 125
    assert "raise --timeout" in done.stderr
    assert time.monotonic() - started < 2 * given_s + 200  # of the thousand
    assert not qemus_below(os.getpid())
    assert (tmp_path / "f").read_text() == "so far\n"


def test_a_guest_that_hangs_itself_ends_in_time(tmp_path: Path, limit_s: int) -> None:
    """It cannot store anything any more: our own limit ends it."""
    stop_all = "echo 1 >/proc/sys/kernel/sysrq; kill -STOP -1; exec sleep 1000"
    done, _ = ended(limit_s, tmp_path, stop_all)
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
        assert running.wait(timeout=200) == 130
    assert not qemus_below(os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_topology_is_the_labs_failure() -> None:
    done = run("--topology", "none", "--", "true")
    assert done.returncode == 125
    assert "choose one of classes, cxl, flat" in done.stderr


def qemus_below(pid: int) -> list[int]:
    """Processes called qemu… that descend from this one."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):  # it is over
        if b"qemu-system" in Path(f"/proc/{pid}/cmdline").read_bytes():
            found.append(pid)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += qemus_below(int(child))
    return found
