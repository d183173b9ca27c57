"""The whole street in a guest, where a setting does harm: judged, and undone while the controller runs."""

from pathlib import Path

import pytest
from guest_workloads import WAKES, holding
from planted import only, rule
from quick_start import explain, running

HOME = Path("/sys/fs/cgroup/llamas-bpf")
#: It sends memory to the slow node, and promises that more of it will be on fast ones.
MISTAKEN = rule(
    "mistaken",
    'kind = "place_memory"\nnodes = ["node2"]\n'
    'expect = { metric = "memory.fast_tier_ratio", direction = "up" }',
    windows=5,
)


@pytest.mark.needs("btf", "lower memory tier", "node2")
def test_what_did_harm_is_undone(tmp_path: Path) -> None:
    config, state = only(tmp_path, MISTAKEN, window_s=0.5), tmp_path / "state"
    mems = HOME / "mistaken/cpuset.mems"
    with holding(64, "mistaken", program=WAKES):
        before = mems.read_text()
        with running("--enforce", "--state", str(state), "--config", str(config)) as run:
            decided = run.until(lambda window: bool(window["applied"]))
            assert [entry["status"] for entry in decided["applied"]] == ["applied"]
            assert mems.read_text() == "2\n"
            judged = run.until(lambda window: bool(window["outcomes"]))
            (outcome,) = judged["outcomes"]
            assert (outcome["verdict"], outcome["undone"]) == ("harmed", True), outcome
            assert mems.read_text() == before
            assert run.process.poll() is None
            assert run.stop() == 0
    assert [entry["reason"] for entry in judged["restored"]] == ["it harmed"]
    told = explain(state, decided["decisions"][0]["id"])
    assert told["judged"][0]["verdict"] == "harmed"
    assert told["restored"][0]["value"] == before.strip()
