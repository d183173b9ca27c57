"""Pages of processes of ours on this kernel: called cold, refused, limited, and never those of another."""

import ctypes
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action
from memory_holder import MIB, holder, pages

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal, page_budget, page_calls, process_memory
from llamas_bpf.act.errors import Gone
from llamas_bpf.contracts.action import Applied, Pages

SMALL = 24 * MIB


@pytest.fixture
def actuation(tmp_path: Path) -> Actuation:
    return Actuation(machine.read(), Journal(tmp_path / "state"), dry_run=False)


@pytest.fixture
def pid() -> Iterator[int]:
    with holder(24) as found:
        yield found


def apply(actuation: Actuation, target: Pages, value: int | str) -> Applied:
    (done,) = actuation.apply([action(target, str(value))])
    assert actuation.in_force() == ()
    return done


def own(pid: int) -> list[process_memory.Range]:
    """Its private memory, which nobody touches while it waits. In the figures of the whole process are files'
    pages, too, which all that have them mapped use and the kernel takes away."""
    with process_memory.opened(pages(pid, "pages.cold")) as memory:
        return memory.ranges()


def used_bytes(pid: int) -> int:
    return sum(one.referenced_bytes for one in own(pid))


def resident_bytes(pid: int) -> int:
    return sum(one.resident_bytes for one in own(pid))


def test_cold_pages_are_no_longer_counted_as_used(actuation: Actuation, pid: int) -> None:
    before = used_bytes(pid)
    assert before >= SMALL
    done = apply(actuation, pages(pid, "pages.cold"), 1 << 30)
    assert done.status == "applied", done.detail
    assert used_bytes(pid) <= before - SMALL
    old, new = (int(str(value).removeprefix("referenced:")) for value in (done.old, done.new))
    assert old >= before
    assert SMALL > new >= used_bytes(pid)
    assert "MiB called cold" in done.detail
    assert resident_bytes(pid) >= SMALL


def test_no_more_than_asked(actuation: Actuation, pid: int) -> None:
    before = used_bytes(pid)
    done = apply(actuation, pages(pid, "pages.cold"), 5 * MIB + 4095)
    assert (done.status, done.detail) == ("applied", "5 MiB called cold")
    assert 0 < before - used_bytes(pid) <= 5 * MIB


def test_what_was_not_used_goes_first(actuation: Actuation, pid: int) -> None:
    apply(actuation, pages(pid, "pages.cold"), 1 << 30)
    largest = max(own(pid), key=lambda one: one.resident_bytes)
    assert largest.referenced_bytes < largest.resident_bytes / 100  # others, as DAMON, look at pages too
    before = used_bytes(pid)
    apply(actuation, pages(pid, "pages.cold"), 16 * MIB)
    assert before - used_bytes(pid) < MIB


def test_what_was_not_used_goes_first_wherever_it_is(actuation: Actuation) -> None:
    """In memory of our own, of which one part is used; that has the lower address."""
    used, unused = 16 * MIB, 48 * MIB
    memory = mmap.mmap(-1, used + unused, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    memory.madvise(mmap.MADV_DONTFORK, 0, used)  # so that the two are not one
    memory.write(b"x" * len(memory))
    memory.madvise(page_calls.MADV_COLD, used, unused)
    apply(actuation, pages(os.getpid(), "pages.cold"), unused)
    low = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    referenced = {one.start: one.referenced_bytes for one in own(os.getpid())}
    assert referenced[low] > used * 0.99


def test_the_budget_is_for_all_actions_of_a_window(
    pid: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page_budget, "BYTES_PER_S", 8 * MIB)
    small = Actuation(machine.read(), Journal(tmp_path / "state"), dry_run=False)
    before = used_bytes(pid)
    with holder(8) as second:
        targets = [pages(pid, "pages.cold"), pages(second, "pages.cold")]
        done = small.apply([action(one, str(1 << 30), id_=f"1.{n}") for n, one in enumerate(targets)])
    assert [one.status for one in done] == ["applied", "unchanged"]
    assert done[0].detail.startswith("8 MiB called cold; the rest is left for a later window")
    assert done[1].detail.startswith("0 B called cold; the rest is left for a later window")
    assert before - used_bytes(pid) <= 8 * MIB


def test_pages_of_one_node_stay_there(actuation: Actuation, pid: int) -> None:
    node = next(node.id for node in machine.read().nodes if node.total_bytes)
    apply(actuation, pages(pid, "pages.move"), node)  # from wherever they are
    done = apply(actuation, pages(pid, "pages.move"), node)
    assert (done.status, done.detail) == ("unchanged", "0 B moved")
    assert done.old is not None
    assert done.old == done.new
    assert int(done.old.removeprefix(f"{node}:")) >= SMALL


@pytest.mark.parametrize("value", ["1023", "1000-2000", "", "all", "0-99999999999"])
def test_nodes_that_are_not_there(actuation: Actuation, pid: int, value: str) -> None:
    done = apply(actuation, pages(pid, "pages.move"), value)
    assert done.status == "failed"
    assert "not nodes with memory; those of this machine are" in done.detail


def test_paging_out_needs_swap(actuation: Actuation, pid: int) -> None:
    before = resident_bytes(pid)
    done = apply(actuation, pages(pid, "pages.pageout"), SMALL)
    if len(Path("/proc/swaps").read_text().splitlines()) > 1:
        assert done.status == "applied"
        return
    assert done.status == "failed"
    assert "there is no swap to page out to: add some with swapon(8)" in done.detail
    assert resident_bytes(pid) == before


@pytest.mark.parametrize("knob", ["pages.move", "pages.cold", "pages.pageout"])
def test_a_pid_given_out_again_is_somebody_else(actuation: Actuation, pid: int, knob: str) -> None:
    start_ticks = pages(pid, "pages.cold").start_ticks
    earlier = Pages.model_validate({"pid": pid, "start_ticks": start_ticks - 1, "knob": knob})
    before = used_bytes(pid)
    done = apply(actuation, earlier, "0")
    assert done.status == "failed"
    assert "its pid was given out again" in done.detail
    assert used_bytes(pid) == before


def test_one_that_ended_does_not_stop_the_others(actuation: Actuation, pid: int) -> None:
    with holder(1) as short:
        gone = pages(short, "pages.cold")
    done = actuation.apply(
        [action(gone, "4096", id_="1.1"), action(pages(pid, "pages.cold"), "4096", id_="1.2")]
    )
    assert [one.status for one in done] == ["failed", "applied"]
    assert "not any more" in done[0].detail


def test_it_may_end_while_it_is_looked_at(pid: int) -> None:
    with process_memory.opened(pages(pid, "pages.cold")) as memory:
        memory.check()
        os.kill(pid, 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(Gone, match="has ended"):
            memory.check()


def test_only_private_memory_that_may_be_moved_is_looked_at() -> None:
    shared = mmap.mmap(-1, MIB, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    private, locked = (mmap.mmap(-1, MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2))
    starts = []
    for memory in (shared, private, locked):
        memory.write(b"x" * MIB)
        starts.append(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    assert ctypes.CDLL(None).mlock(ctypes.c_void_p(starts[2]), ctypes.c_size_t(MIB)) == 0
    with process_memory.opened(pages(os.getpid(), "pages.cold")) as found:
        ranges = found.ranges()
    covered = [any(one.start <= start < one.end for one in ranges) for start in starts]
    assert covered == [False, True, False]


def test_the_kernels_answers_are_told() -> None:
    pidfd = os.pidfd_open(os.getpid())
    try:
        with pytest.raises(OSError, match="Invalid argument"):
            page_calls.advise(pidfd, [(4096, 8192)], 9999)
    finally:
        os.close(pidfd)


def test_a_dry_run_changes_nothing(pid: int) -> None:
    before = used_bytes(pid)
    dry = Actuation(machine.read(), None, dry_run=True)
    (done,) = dry.apply([action(pages(pid, "pages.cold"), str(SMALL))])
    assert done.status == "dry_run"
    assert used_bytes(pid) == before
