"""``bench devices --model`` against a scripted server."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from device_reading import RIGHT, TEXT, answer
from openai_server import Scene, fails, says, serving

from llamas_bpf.cli import bench

TRUTH = "kind = 'memory'\ncapacity_bytes = 256e9\nread_latency_ns = 250\nwrite_latency_ns = 400\n"
INVENTED = {"words": "Reads take 250 ns", "field": "read_latency_ns", "value": 90, "unit": "ns"}


@pytest.mark.parametrize(
    ("scene", "found", "why"),
    [
        (says(answer(*RIGHT)), 4, ""),
        (says(answer(RIGHT[0], INVENTED)), 1, ""),
        (fails(500, "oh"), 0, "some-model gave nothing for 1 of 1 texts"),
    ],
)
def test_a_model_is_scored_beside_the_offline_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: Scene, found: int, why: str
) -> None:
    (tmp_path / "a.md").write_text(TEXT)
    (tmp_path / "a.toml").write_text(TRUTH)
    with serving(scene) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        command = ["devices", "--model", "some-model", "--texts", str(tmp_path), "--json"]
        done = CliRunner().invoke(bench.command, command, catch_exceptions=False)
        assert {question["model"] for question in server.questions} == {"some-model"}
    assert done.exit_code == 0
    assert done.stderr.startswith(why)
    told = json.loads(done.stdout)
    assert list(told["frontends"]) == ["offline", "some-model"]
    (total,) = told["frontends"]["some-model"]["totals"].values()
    assert (total["found"], total["ungrounded"]) == (found, 0)
