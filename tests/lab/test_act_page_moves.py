"""Pages of a process really go: to another node, or to swap, as the kernel's own counts tell."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action
from memory_holder import MIB, figure_bytes, holder, pages

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal, page_budget, page_calls, process_memory
from llamas_bpf.contracts.action import Applied, PagesName

MOST = 24


@pytest.fixture
def actuation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Actuation:
    """All in one window, which a second may not be enough for under emulation."""
    monkeypatch.setattr(page_budget, "SECONDS", 120)
    return Actuation(machine.read(), Journal(tmp_path / "state"), dry_run=False)


@pytest.fixture
def pid() -> Iterator[int]:
    with holder(MOST) as found:
        yield found


def node_bytes(pid: int) -> dict[int, int]:
    """Of its own pages, one by one (move_pages(2))."""
    found: Counter[int] = Counter()
    with process_memory.opened(pages(pid, "pages.move")) as memory:
        for one in memory.ranges():
            for there in memory.present(one):
                found.update(page_calls.where(pid, there).tolist())
    return {node: count * process_memory.PAGE_BYTES for node, count in found.items()}


def apply(actuation: Actuation, pid: int, knob: PagesName, value: str) -> Applied:
    (done,) = actuation.apply([action(pages(pid, knob), value)])
    assert done.status == "applied", done.detail
    return done


def figures(told: str | None) -> dict[int, int]:
    assert told is not None
    return {int(node): int(size) for node, _, size in (word.partition(":") for word in told.split())}


@pytest.mark.needs("node2")
def test_a_processs_pages_move_between_nodes(actuation: Actuation, pid: int) -> None:
    for node in (2, 0, 2):
        whole = sum(node_bytes(pid).values())
        assert whole >= MOST * MIB
        done = apply(actuation, pid, "pages.move", str(node))
        after = node_bytes(pid)
        assert after[node] >= MOST * MIB
        assert whole - after[node] < MIB
        assert figures(done.old).get(node, 0) < MOST * MIB <= figures(done.new)[node]
        assert actuation.in_force() == ()


@pytest.mark.needs("node2")
def test_pages_are_spread_over_several_nodes(actuation: Actuation, pid: int) -> None:
    # From the node without processors: whatever ran here, no page began there.
    apply(actuation, pid, "pages.move", "2")
    apply(actuation, pid, "pages.move", "0-1")
    after = node_bytes(pid)
    assert after.get(2, 0) < MIB
    assert min(after[0], after[1]) >= 4 * MIB


@pytest.mark.needs("node2")
def test_a_node_that_its_cpuset_lacks_is_refused(actuation: Actuation, pid: int) -> None:
    cgroup = Path("/sys/fs/cgroup/bound")
    cgroup.mkdir()
    try:
        (cgroup / "cpuset.mems").write_text("0-1")
        (cgroup / "cgroup.procs").write_text(str(pid))
        (done,) = actuation.apply([action(pages(pid, "pages.move"), "2")])
        assert done.status == "failed"
        assert "its cpuset does not have node 2" in done.detail
        assert node_bytes(pid).get(2, 0) == 0
    finally:
        (cgroup.parent / "cgroup.procs").write_text(str(pid))
        cgroup.rmdir()


@pytest.mark.needs("node2")
def test_what_others_map_too_stays(actuation: Actuation) -> None:
    """Copied on write, and not yet written: two have it."""
    text = "import mmap, os, sys\nm = mmap.mmap(-1, 8 << 20, 34)\nm.write(b'x' * (8 << 20))\n"
    text += "if os.fork(): print('up', flush=True)\nsys.stdin.read()"
    command = ["python3", "-c", text]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        before = node_bytes(process.pid).get(2, 0)
        done = apply(actuation, process.pid, "pages.move", "2")
        assert "stayed (Permission denied)" in done.detail
        assert node_bytes(process.pid).get(2, 0) - before < 8 * MIB
        process.communicate()


@pytest.mark.needs("swap")
def test_a_processs_pages_go_to_swap(actuation: Actuation, pid: int) -> None:
    assert figure_bytes(pid, "smaps_rollup", "Swap") == 0
    before = figure_bytes(pid, "smaps_rollup", "Rss")
    done = apply(actuation, pid, "pages.pageout", str(8 * MIB))
    swapped = figure_bytes(pid, "smaps_rollup", "Swap")
    assert 4 * MIB <= swapped <= 8 * MIB
    assert before - figure_bytes(pid, "smaps_rollup", "Rss") >= 4 * MIB
    assert sum(figures(done.old).values()) - sum(figures(done.new).values()) >= 4 * MIB


@pytest.mark.needs("swap")
def test_cold_pages_stay_where_they_are(actuation: Actuation, pid: int) -> None:
    apply(actuation, pid, "pages.cold", str(1 << 30))
    assert figure_bytes(pid, "smaps_rollup", "Swap") == 0
    assert figure_bytes(pid, "smaps_rollup", "Referenced") < MOST * MIB // 2


@pytest.mark.needs("node2")
def test_paging_out_without_swap_says_so(actuation: Actuation, pid: int) -> None:
    (done,) = actuation.apply([action(pages(pid, "pages.pageout"), str(MIB))])
    assert done.status == "failed"
    assert "there is no swap to page out to" in done.detail
