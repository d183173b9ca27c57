"""The whole street in a guest, where a setting does harm: judged, and undone while the controller runs."""

import sys
from pathlib import Path

import pytest
from controller import explain, running, workload

HOME = Path("/sys/fs/cgroup/llamas-bpf")
# Holds 48 MiB, and wakes up ten times a second.
HOLD = """
import mmap, time
memory = mmap.mmap(-1, 48 << 20)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for offset in range(0, len(memory), 4096):
    memory[offset] = 1
print("there", flush=True)
while True:
    time.sleep(0.1)
    memory[0] = 2
"""
#: A mistaken rule: it sends memory to the slow node, and promises that more of it will be on fast ones.
RULE = """
[[rule]]
name = "mistaken"
about = "workload"
when = ["workload.started_by_exec", "workload.memory.total_bytes > 50000000.0"]
for_windows = 5
every_s = 600
[rule.hint]
kind = "place_memory"
nodes = ["node2"]
reason = "a test wants it"
confidence = 0.9
expect = { metric = "memory.fast_tier_ratio", direction = "up" }
"""


@pytest.mark.needs("btf", "lower memory tier", "node2")
def test_what_did_harm_is_undone(tmp_path: Path) -> None:
    rules = tmp_path / "policies/rules"
    rules.mkdir(parents=True)
    for packaged in ("cpu", "memory", "tiering"):
        (rules / f"{packaged}.toml").write_text("")
    (rules / "ours.toml").write_text(RULE)
    config = tmp_path / "config.toml"
    config.write_text(f"policies = '{tmp_path / 'policies'}'\n")
    state = tmp_path / "state"
    mems = HOME / "mistaken/cpuset.mems"
    with workload("mistaken", sys.executable, "-c", HOLD) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == "there\n"
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
