"""The whole street in a guest: rules of ours, real cgroups, everything put back."""

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from controller import Window
from guest_workloads import WAKES, holding
from planted import only, rule
from quick_start import explain, ran, running

HOME = Path("/sys/fs/cgroup/llamas-bpf")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A configuration with three rules of ours in place of the packaged ones."""
    hints = {
        "nodes": 'kind = "place_memory"\nnodes = ["node2"]\n[rule.hint.expect]\n'
        'metric = "memory.fast_tier_ratio"\ndirection = "down"',
        "weight": 'kind = "weigh_cpu"\nweight = 300',
        "huge": 'kind = "cap_memory"\nlimit_bytes = 4096',
    }
    return only(tmp_path, *(rule(name, hint) for name, hint in hints.items()), window_s=0.5)


def read(name: str, file: str) -> str:
    return (HOME / name / file).read_text()


def on_node(name: str, node: int) -> int:
    """Bytes of anonymous and file memory of a workload there, by the kernel's own count."""
    lines = [
        line for line in read(name, "memory.numa_stat").splitlines() if line.split()[0] in ("anon", "file")
    ]
    return sum(int(found) for line in lines for found in re.findall(rf"N{node}=(\d+)", line))


@pytest.mark.needs("btf", "node2")
def test_rules_move_memory_and_weigh_and_all_is_put_back(tmp_path: Path, settings: Path) -> None:
    state = tmp_path / "state"
    with holding(64, "held", program=WAKES):
        knobs = {name: read("held", name) for name in ("cpu.weight", "cpuset.mems", "memory.high")}
        assert on_node("held", 2) < 10 << 20
        options = ("--enforce", "--state", str(state), "--config", str(settings), "--metrics-port", "9435")
        with running(*options) as run:
            run.until(lambda window: bool(window["applied"]))
            assert read("held", "cpuset.mems") == "2\n"
            assert on_node("held", 2) > 64 << 20
            judged = run.until(lambda window: bool(window["outcomes"]))
            # One decision at a time: the others wait for its verdict.
            done = [
                entry["action"]["target"]["knob"] for window in run.windows for entry in window["applied"]
            ]
            assert done == ["cpuset.mems"]
            run.until(lambda window: bool(window["applied"]))
            assert read("held", "cpu.weight") == "300\n"
            metrics = scrape("http://127.0.0.1:9435/metrics")
            run.until(lambda window: bool(window["refusals"]))
            assert run.stop() == 0
        assert {name: read("held", name) for name in knobs} == knobs
    check_explained(state, run.windows)
    assert {outcome["verdict"] for outcome in judged["outcomes"]} <= {"helped", "neutral"}
    assert re.search(r'^llamas_bpf_actions_total\{.*knob="cpuset.mems".*\} 1', metrics, re.MULTILINE)


def check_explained(state: Path, windows: list[Window]) -> None:
    decisions = [entry for window in windows for entry in window["decisions"]]
    kinds: dict[str, Any] = {entry["hint"]["kind"]: explain(state, entry["id"]) for entry in decisions}
    assert kinds["place_memory"]["applied"][0]["new"] == "2"
    assert kinds["weigh_cpu"]["restored"][0]["reason"] == "the run ended"
    assert kinds["cap_memory"]["refused"][0]["check"] in ("bounds", "capacity")


def scrape(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as page:
        text: str = page.read().decode()
    return text


@pytest.mark.needs("btf", "node2")
def test_a_killed_controller_is_rolled_back_by_hand(tmp_path: Path, settings: Path) -> None:
    state = tmp_path / "state"
    with holding(64, "killed", program=WAKES):
        before = read("killed", "cpuset.mems")
        with running("--enforce", "--state", str(state), "--config", str(settings)) as run:
            run.until(lambda window: bool(window["applied"]))
            run.process.kill()
            run.process.wait()
        assert read("killed", "cpuset.mems") == "2\n"
        assert ran("rollback", "--all", "--state", str(state)).returncode == 0
        assert read("killed", "cpuset.mems") == before
