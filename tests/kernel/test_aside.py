"""What is done aside is done without rights, with nothing that was open, and ends with who wanted it."""

import ctypes
import os
import signal
import time
from pathlib import Path

import pytest

from llamas_bpf import process_stat
from llamas_bpf.advise.model.aside import aside

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root has rights to give up")


def open_files() -> set[int]:
    found = set()
    for descriptor in range(256):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.add(descriptor)
    return found


def test_it_is_a_stranger_with_nothing_open(tmp_path: Path) -> None:
    nowhere = Path(os.devnull).stat().st_ino

    def looks() -> str:
        first = {os.fstat(descriptor).st_ino for descriptor in range(3)}
        return f"{os.getuid()} {os.getsid(0) == os.getpid()} {first == {nowhere}} {len(open_files())}"

    with (tmp_path / "secret").open("w+") as secret:
        os.set_inheritable(secret.fileno(), True)
        before = open_files()
        uid, *rest = (aside(looks, 60) or "").split()
        assert int(uid) in range(61184, 65520)
        assert rest == ["True", "True", "4"]  # the last is for its answer
        assert open_files() == before


def test_it_may_take_so_long_and_no_longer() -> None:
    def sleeps() -> str:
        time.sleep(600)
        return "late"

    begun_s = time.monotonic()
    assert aside(sleeps, 0.2) is None
    assert time.monotonic() - begun_s < 300


def test_it_ends_with_who_wanted_it() -> None:
    """Also if it takes no notice, having been broken into."""

    def outlives() -> str:
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG
        os.fork()
        time.sleep(600)
        return ""

    wants = os.fork()
    if not wants:
        try:
            aside(outlives, 600)
        finally:
            os._exit(1)
    deadline = time.monotonic() + 60
    while len(family := below(wants)) < 3:  # the first of the namespace, the child, and its own
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(wants, signal.SIGKILL)
    os.waitpid(wants, 0)
    while any(stat.state != "Z" for pid in family if (stat := process_stat.read(pid))):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def below(pid: int) -> set[int]:
    """Its children, and theirs."""
    parents = {
        int(path.name): stat.parent
        for path in Path("/proc").glob("[0-9]*")
        if (stat := process_stat.read(int(path.name)))
    }
    children = {one for one, parent in parents.items() if parent == pid}
    return children | {one for one, parent in parents.items() if parent in children}
