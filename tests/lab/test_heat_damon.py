"""DAMON is one for the whole kernel: others' kdamonds are left alone, and of ours nothing is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from guest_workloads import MIB
from heat_guest import Shape, Watcher, heat_from, near, running
from heat_settings import DAMON_STAT, NR_KDAMONDS, damon_free, setting, tree

from llamas_bpf import heat, machine
from llamas_bpf.damon.claim import CLAIM
from llamas_bpf.damon.kdamonds import PLACES
from llamas_bpf.heat import Heat, damon

pytestmark = [pytest.mark.needs("damon of processes"), pytest.mark.slow]

WARM = Shape("warm", 16, 48, "small")
#: Opens the best source, says which it is, and waits.
OPENS = """
import sys
from llamas_bpf import heat, machine
opened = heat.open_heat(machine.read())
print(opened.source, *opened.degradations, sep="|", flush=True)
sys.stdin.readline()
opened.close()
"""


@pytest.fixture(autouse=True)
def free() -> Iterator[None]:
    """Nobody's before a test, nobody's after it."""
    with damon_free():
        assert NR_KDAMONDS.read_text() == "0\n"
        yield
        assert NR_KDAMONDS.read_text() == "0\n"


def seen(found: dict[str, Heat], *names: str) -> bool:
    """These and no others, each with its hot part, beside which the interpreter's own is not small."""
    return found.keys() == set(names) and all(
        0.85 * WARM.hot_mib * MIB <= one.hot_bytes <= 2 * WARM.hot_mib * MIB for one in found.values()
    )


def opening() -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", OPENS], stdin=pipe, stdout=pipe, text=True)


def said(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n").split("|")


@pytest.fixture
def foreign() -> Iterator[None]:
    """Somebody's kdamond, which watches this process and is running."""
    NR_KDAMONDS.write_text("1")
    kdamond = NR_KDAMONDS.parent / "0"
    (kdamond / "contexts/nr_contexts").write_text("1")
    context = kdamond / "contexts/0"
    (context / "operations").write_text("vaddr")
    (context / "targets/nr_targets").write_text("1")
    (context / "targets/0/pid_target").write_text(str(os.getpid()))
    (kdamond / "state").write_text("on")
    yield
    if NR_KDAMONDS.read_text() != "0\n":
        (kdamond / "state").write_text("off")
        NR_KDAMONDS.write_text("0")


@pytest.mark.usefixtures("foreign")
def test_somebody_elses_is_left_as_it_is() -> None:
    before = tree()
    assert before[str(NR_KDAMONDS)] == b"1\n"
    assert before[str(NR_KDAMONDS.parent / "0/state")] == b"on\n"
    row = heat.capability()
    opened = heat.open_heat(machine.read())
    try:
        assert opened.source != "damon"
        assert "DAMON is set up by somebody else (nr_kdamonds is 1)" in opened.degradations[0]
        assert f"echo 0 > {NR_KDAMONDS}" in opened.degradations[0]
        assert opened.degradations[0] in row.detail
        with running(WARM):
            watcher = Watcher(opened)
            for _ in range(3):
                watcher.window()
    finally:
        opened.close()
    assert tree() == before


@pytest.mark.skipif(not DAMON_STAT.exists(), reason="kernel feature: damon_stat")
def test_the_kernels_own_use_is_named() -> None:
    with setting(DAMON_STAT, "Y"):
        before = tree()
        with heat_from(damon.KIND) as opened:
            assert opened.source == ""
            assert f"echo N > {DAMON_STAT}" in opened.degradations[0]
        assert tree() == before


def test_what_is_found_out_for_doctor_changes_nothing() -> None:
    before = tree()
    row = heat.capability()
    assert (row.name, row.available) == ("heat", True)
    assert "from damon" in row.detail
    assert tree() == before


def test_closing_leaves_nothing() -> None:
    with running(WARM), heat_from(damon.KIND) as opened:
        watcher = Watcher(opened)
        watcher.until(lambda found: seen(found, "warm"))
        assert any((NR_KDAMONDS.parent / str(number) / "state").read_text() == "on\n" for number in range(8))
    assert NR_KDAMONDS.read_text() == "0\n"
    assert CLAIM.read_bytes() == b""


def test_a_second_one_of_us_waits_its_turn() -> None:
    with heat_from(damon.KIND) as first:
        assert first.source == "damon"
        before = tree()
        with opening() as second:
            source, why, *_ = said(second)
            second.communicate("\n")
        assert source != "damon"
        assert "already used by another llamas-bpf" in why
        assert tree() == before


def test_after_a_kill_the_next_one_takes_ours_away() -> None:
    with opening() as killed:
        assert said(killed)[0] == "damon"
        killed.send_signal(signal.SIGKILL)
    assert NR_KDAMONDS.read_text() == f"{PLACES}\n"
    with heat_from(damon.KIND) as opened:
        assert (opened.source, opened.degradations) == ("damon", ())
        with running(WARM):
            Watcher(opened).until(lambda found: seen(found, "warm"))


def test_without_what_we_wrote_down_they_count_as_somebody_elses() -> None:
    with opening() as killed:
        assert said(killed)[0] == "damon"
        killed.send_signal(signal.SIGKILL)
    claim = CLAIM.read_bytes()
    CLAIM.write_bytes(claim.replace(machine.boot_id().encode(), b"another-boot"))
    before = tree()
    with heat_from(damon.KIND) as opened:
        assert opened.source == ""
        assert tree() == before
    assert tree() == before
    CLAIM.write_bytes(claim)
    heat_from(damon.KIND).__enter__().close()


def test_taken_over_by_somebody_it_is_theirs() -> None:
    """As somebody could while none of ours is running."""
    with heat_from(damon.KIND) as opened:
        NR_KDAMONDS.write_text("0")
        NR_KDAMONDS.write_text("2")
        before = tree()
        opened.read([], 10**9)
        ends = time.monotonic() + 30
        while opened.source:
            assert time.monotonic() < ends
            time.sleep(0.1)
        assert "set up anew by somebody else" in opened.degradations[0]
    assert tree() == before
    NR_KDAMONDS.write_text("0")


def test_a_workload_that_ends_does_no_harm() -> None:
    other = Shape("other", 16, 48, "small")
    with heat_from(damon.KIND) as opened, running(WARM, other) as (warm, _):
        watcher = Watcher(opened)
        watcher.until(lambda found: seen(found, "warm", "other"))
        warm.end()
        watcher.until(lambda found: seen(found, "other"))
        assert opened.source == "damon"


def test_memory_that_is_mapped_later_is_watched_too() -> None:
    with heat_from(damon.KIND) as opened, running(WARM) as (warm,):
        watcher = Watcher(opened)
        watcher.until(lambda found: seen(found, "warm"))
        warm.stdin.write(b"64\n")
        warm.stdin.flush()
        watcher.until(lambda found: near(found["warm"].hot_bytes, 64 + WARM.hot_mib))
