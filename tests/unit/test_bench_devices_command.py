"""``bench devices`` as an operator runs it."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from device_reading import answer
from openai_server import Scene, fails, says, serving

from llamas_bpf.cli import bench
from llamas_bpf.errors import ConfigError

TEXT = "Memory with a capacity of 64 GB and a read latency of 120 ns.\n"
TRUTH = "kind = 'memory'\nread_latency_ns = 120\ncapacity_bytes = 64e9\n"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_BASE_URL",
        "OPENAI_API_KEY",
        "OPENAI_MODEL",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "a.md").write_text(TEXT)
    (place / "a.toml").write_text(TRUTH)
    return place


def benched(*options: str) -> Result:
    return CliRunner().invoke(bench.command, ["devices", *options], catch_exceptions=False)


def test_ones_own_texts_are_scored(texts: Path) -> None:
    done = benched("--texts", str(texts), "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert list(told["frontends"]) == ["offline"]
    assert told["frontends"]["offline"]["totals"]["mine"]["present"] == 3
    assert told["marks"]["offline.mine.found"]["reached"]
    assert told["marks"]["offline.ungrounded"]["reached"]


def test_people_see_marks_and_why_a_text_could_not_be_read(texts: Path) -> None:
    (texts / "a.md").write_text("\0")
    done = benched("--texts", str(texts))
    assert done.exit_code == 0  # as other benchmarks: what was measured is told, not judged
    assert done.stderr.startswith("offline gave nothing for 1 of 1 texts; the first time: a: is binary")
    assert "≥ 90 %: missed by 90 %" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", ["a.md", "a.toml"])
def test_what_is_no_file_is_not_waited_for(texts: Path, name: str) -> None:
    (texts / name).unlink()
    os.mkfifo(texts / name)
    with pytest.raises(ConfigError, match=rf"{re.escape(name)} is not a plain file"):
        benched("--texts", str(texts))


def test_no_more_is_read_than_a_text_may_have(texts: Path) -> None:
    with (texts / "a.md").open("wb") as file:
        file.truncate(1 << 40)
    assert "is too long" in benched("--texts", str(texts)).stderr


def test_a_model_needs_a_server(texts: Path) -> None:
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        benched("--texts", str(texts), "--model", "some-model")


def test_a_model_is_scored_beside_the_offline_reader(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = {"field": "capacity_bytes", "value": 64, "unit": "GB", "words": "capacity of 64 GB"}
    invented = {"field": "read_latency_ns", "value": 7, "unit": "ns", "words": "read latency of 120 ns"}
    told = asked_of(says(answer(right, invented)), texts, monkeypatch)
    assert told["some-model"]["texts"][0]["found"] == ["capacity_bytes"]
    assert told["some-model"]["totals"]["mine"]["missed"] == 2
    assert told["some-model"]["totals"]["mine"]["ungrounded"] == 0
    assert told["offline"]["totals"]["mine"]["found"] == 3


def test_a_model_that_does_not_answer_has_missed_everything(
    texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asked_of(fails(401, "no such key"), texts, monkeypatch)
    assert told["some-model"]["totals"]["mine"]["missed"] == 3
    assert told["some-model"]["texts"][0]["error"]


def asked_of(scene: Scene, texts: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is told of each frontend when the model's server does this."""
    with serving(scene) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        done = benched("--texts", str(texts), "--model", "some-model", "--json")
    assert done.exit_code == 0
    assert server.questions[0]["model"] == "some-model"
    frontends: dict[str, Any] = json.loads(done.stdout)["frontends"]
    return frontends
