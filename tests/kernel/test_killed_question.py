"""A controller that is killed amid a question has spent what that may have cost, and nobody has answered."""

import json
import subprocess
from pathlib import Path

from controller import ENVIRONMENT, LLAMAS, running
from openai_server import hangs, serving

SETTINGS = """
window_s = 0.2
[sense]
heat = false
[llm]
model = "m"
context.tokens = 20000
budget.calls_per_day = 15
"""


def test_a_question_counts_also_if_its_controller_is_killed(tmp_path: Path) -> None:
    config, state = tmp_path / "config.toml", tmp_path / "state"
    config.write_text(SETTINGS)
    options = ("--advisor", "llm,rules", "--config", str(config), "--state", str(state))
    with serving(hangs) as server:
        url = {"OPENAI_BASE_URL": server.url}
        with running(*options, env=url) as killed:
            killed.until(lambda window: bool(server.questions))
            # Another one that asks at the same time has only what that leaves.
            recorded = tmp_path / "digests.jsonl"
            said = llamas("record", "--duration", "2", "--out", str(recorded), "--config", str(config))
            said = llamas("replay", str(recorded), *options, **url)
            assert "llm gives no answer (budget: 15 calls in a day are spent" in said
            killed.process.kill()
            killed.process.wait()
        out = tmp_path / "run.jsonl"
        llamas("export", "--out", str(out), "--state", str(state))
        kinds = {json.loads(line)["kind"] for line in out.read_text().splitlines()}
        assert "exchange" not in kinds
        with running(*options, env=url) as later:
            degraded = later.until(lambda window: bool(window["degradations"]) and len(later.windows) > 5)
            assert any("budget: 15 calls in a day" in one for one in degraded["degradations"])
            assert later.stop() == 0
        assert len(server.questions) == 1


def llamas(*words: str, **environment: str) -> str:
    done = subprocess.run([*LLAMAS, *words], capture_output=True, text=True, env=ENVIRONMENT | environment)
    assert done.returncode == 0, done.stderr
    return done.stderr
