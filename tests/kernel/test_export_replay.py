"""``export`` beside a running controller on this kernel, and ``replay`` of what it wrote."""

import json
import subprocess
from pathlib import Path

from controller import ENVIRONMENT, LLAMAS, running


def llamas(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LLAMAS, *words], capture_output=True, text=True, env=ENVIRONMENT)


def test_a_run_is_exported_while_it_runs_and_replayed(tmp_path: Path) -> None:
    config, state, file = tmp_path / "config.toml", tmp_path / "state", tmp_path / "run.jsonl"
    config.write_text("window_s = 0.2\n[sense]\nheat = false\n")
    options = ("--config", str(config))
    with running("--advisor", "experience,rules", "--state", str(state), *options) as run:
        for _ in range(8):
            run.until(lambda window: True)
        done = llamas("export", "--out", str(file), "--state", str(state))
        assert done.returncode == 0, done.stderr
        assert run.stop() == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    windows = sum(line["kind"] == "digest" for line in lines)
    assert windows >= 7
    first, second = (llamas("replay", str(file), "--advisor", f"replay:{file}", *options) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    said = {(line["window"], line["hint"].get("workload")) for line in lines if line["kind"] == "decision"}
    assert f"agreed {len(said)} of {len(said)} times that anything was said" in first.stdout
    assert f"in {windows} windows" in first.stdout
    recorded = tmp_path / "digests.jsonl"
    assert llamas("record", "--duration", "1", "--out", str(recorded), *options).returncode == 0
    other = llamas("replay", str(recorded), "--advisor", "rules", *options)
    assert other.returncode == 0, other.stderr
    assert "does not tell of which machine it is: this one is taken" in other.stderr
    wrong = llamas("replay", str(tmp_path / "none"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
