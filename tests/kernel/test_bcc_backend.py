"""The same workload through libbpf and through BCC, side by side."""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bcc_recorder import PAGES, TURNS
from with_tracefs import run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

HERE = Path(__file__).parent
KINDS = ("sched", "faults", "lifecycle")
ROOMY, PAGE = 16 << 20, os.sysconf("SC_PAGE_SIZE")


@cache
def recorded(period: int, ring_bytes: int = ROOMY) -> dict[str, Any]:
    done = run(sys.executable, str(HERE / "bcc_recorder.py"), str(period), str(ring_bytes))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("period", [1, 64])
def test_counts_are_the_kernels_own(period: int) -> None:
    found = recorded(period)
    truth, counts = found["truth"], found["told"]["bcc"]["counts"]
    assert truth["minor_faults"] >= PAGES
    assert truth["voluntary"] + truth["preempted"] >= TURNS
    for name in ("minor_faults", "major_faults", "voluntary", "preempted"):
        assert counts[name] == pytest.approx(truth[name], rel=0.005, abs=2), name


@pytest.mark.parametrize("period", [1, 64])
def test_both_ways_tell_the_same(period: int) -> None:
    told = recorded(period)["told"]
    bcc, libbpf = told["bcc"], told["libbpf"]
    assert bcc["workloads"] == libbpf["workloads"] == 1
    for name in ("voluntary", "preempted"):
        assert bcc["counts"][name] == pytest.approx(libbpf["counts"][name], rel=0.005, abs=2)
    assert bcc["waits"] == pytest.approx(libbpf["waits"], rel=0.005, abs=2)
    assert bcc["counts"]["run_ns"] == pytest.approx(libbpf["counts"]["run_ns"], rel=0.1)
    assert bcc["lifecycle"] == libbpf["lifecycle"] == ["FORK", "EXEC", "EXIT"]
    assert bcc["comms"] == libbpf["comms"]


def test_every_event_leaves_a_record_where_none_is_left_out() -> None:
    found = recorded(1)["told"]["bcc"]
    switches = found["counts"]["voluntary"] + found["counts"]["preempted"]
    assert found["weights"]["sched"] == pytest.approx(switches, abs=2)  # one may come as the window turns
    assert found["weights"]["faults"] == pytest.approx(found["counts"]["minor_faults"], rel=0.005)
    assert [found["totals"][kind]["lost"] for kind in KINDS] == [0, 0, 0]


def test_sampled_records_stand_for_all() -> None:
    found = recorded(64)["told"]["bcc"]
    # About 5 runs of 16 switches each: a wide margin, but none for a wrong weight.
    switches = found["counts"]["voluntary"] + found["counts"]["preempted"]
    assert found["weights"]["sched"] == pytest.approx(switches, rel=0.5)
    total = found["totals"]["sched"]
    assert total["produced"] <= total["seen"] / 64 + 16 * (os.cpu_count() or 1)


def test_what_a_full_ring_refuses_is_counted() -> None:
    found = recorded(1, PAGE)["told"]["bcc"]
    for kind in KINDS:
        total = found["totals"][kind]
        assert total["produced"] == found["delivered"][kind] + total["lost"]
    assert found["totals"]["faults"]["lost"] > PAGES / 2
    assert found["totals"]["sched"]["lost"] > 0
    # And counts do not care.
    assert found["counts"]["minor_faults"] >= PAGES


def test_the_observer_is_in_nothing() -> None:
    found = recorded(1)
    for told in found["told"].values():
        assert found["truth"]["pid"] in told["seen_tgids"]
        assert found["truth"]["own"] not in told["seen_tgids"]


def test_what_bcc_cannot_tell_is_named() -> None:
    sentences = recorded(1)["told"]["bcc"]["degradations"]
    assert any("page migrations: not available through bcc" in sentence for sentence in sentences)
    assert any("not by when it started" in sentence for sentence in sentences)
