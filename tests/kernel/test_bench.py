"""``bench sense`` as an operator runs it: its shape, what must hold anywhere by far, and what it leaves."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import bench_command
import pytest

from llamas_bpf import process_stat

BENCH = bench_command.command("sense")


def fds_of(pid: int) -> Iterator[str]:
    for fd in Path(f"/proc/{pid}/fdinfo").glob("*"):
        try:
            yield fd.read_text()
        except OSError:
            continue


def children_of(pid: int) -> list[int]:
    """All below it, also of those that have ended since."""
    found, parents = [], {pid}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(words[1]), int(stat.parent.name)))
    size = 0
    while size != len(parents):
        size = len(parents)
        parents |= {child for parent, child in found if parent in parents}
    return sorted(parents - {pid})


def programs_of(pid: int) -> set[int]:
    """The ids of the BPF programs that it holds: others on this machine have some too."""
    lines = (line.split() for text in fds_of(pid) for line in text.splitlines())
    return {int(words[1]) for words in lines if words[:1] == ["prog_id:"]}


def held() -> set[int]:
    """Those that any process holds."""
    return {found for path in Path("/proc").glob("[0-9]*") for found in programs_of(int(path.name))}


def attached_by(pid: int) -> bool:
    return any("link_type" in text for text in fds_of(pid))


def stopped_while_it_watches(bench: "subprocess.Popen[str]") -> bool:
    """Or it would go on to the next step between our looks."""
    if not (children_of(bench.pid) and attached_by(bench.pid)):
        return False
    bench.send_signal(signal.SIGSTOP)
    while (stat := process_stat.read(bench.pid)) and stat.state not in "TZ":
        time.sleep(0.001)
    if children_of(bench.pid) and programs_of(bench.pid):
        return True
    bench.send_signal(signal.SIGCONT)
    return False


def lives(pid: int) -> bool:
    stat = process_stat.read(pid)
    return stat is not None and stat.state != "Z"


def until(what: str, reached: Any) -> None:
    deadline = time.monotonic() + 200
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return bench_command.results("sense", rounds=2)


def medians(part: dict[str, Any]) -> list[float]:
    assert all(len(way["rounds"]) == 2 for way in part["ways"].values())
    assert all(0 < way["q1"] <= way["median"] <= way["q3"] for way in part["ways"].values())
    return [way["median"] for way in part["ways"].values()]


def test_draining(results: dict[str, Any]) -> None:
    ours, callback, libbpf = medians(results["drain"])
    assert libbpf > 10 * callback
    assert ours > 10 * callback


@pytest.mark.parametrize("load", ["ping_pong", "touch"])
def test_a_wake_up_per_event_costs_far_more_than_ours(results: dict[str, Any], load: str) -> None:
    _, ours, _, naive = medians(results[load])
    assert naive > 1.5 * ours
    rounds = {name: way["rounds"] for name, way in results[load]["ways"].items()}
    assert len(results[load]["ratios"]) == 3
    for ratio in results[load]["ratios"]:
        pairs = zip(rounds[ratio["of"]], rounds[ratio["to"]], strict=True)
        assert ratio["median"] == pytest.approx(median(mine / theirs for mine, theirs in pairs))


def test_the_controller_was_measured_under_its_load(results: dict[str, Any]) -> None:
    cost = results["controller"]
    assert len(cost["cpu"]["rounds"]) == 3
    assert 0 < cost["cpu"]["median"] < 2
    # A machine that is busy with something else lets fewer through.
    assert cost["events_per_s"]["median"] > 10_000
    assert 0 < cost["pss_bytes"] <= cost["rss_bytes"] <= cost["peak_bytes"]


def test_the_digest_was_of_the_whole_crowd(results: dict[str, Any]) -> None:
    digest = results["digest"]
    assert digest["workloads"] >= 10_000
    assert len(digest["ms"]["rounds"]) == 2
    assert digest["ms"]["q1"] > 0


def test_each_mark_says_whether_it_is_reached(results: dict[str, Any]) -> None:
    assert len(results["marks"]) == 7
    for mark in results["marks"].values():
        better = mark["value"] <= mark["limit"] if mark["at_most"] else mark["value"] >= mark["limit"]
        assert mark["reached"] == better


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_end_in_the_middle_leaves_nothing(number: int, status: int) -> None:
    bench = subprocess.Popen([*BENCH, "--rounds", "10"], stderr=subprocess.PIPE, text=True)
    try:
        until("a load runs while it watches", lambda: stopped_while_it_watches(bench))
        children, programs = children_of(bench.pid), programs_of(bench.pid)
        assert programs <= held()
        bench.send_signal(number)
        bench.send_signal(signal.SIGCONT)
        _, talk = bench.communicate(timeout=60)
    finally:
        bench.kill()
    assert bench.returncode == status, talk
    assert "Traceback" not in talk
    until("what it started ends", lambda: not any(map(lives, children)))
    assert not programs & held()


def test_without_root_it_says_what_it_needs() -> None:
    bench_command.refuses_without_root("sense")


def test_unknown_benchmarks_are_refused() -> None:
    done = subprocess.run([*BENCH[:-2], "nonsense"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
