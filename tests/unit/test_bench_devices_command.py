"""``bench devices`` as an operator runs it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from llamas_bpf.cli import bench

TEXT = "Memory with a capacity of 64 GB and a read latency of 120 ns.\n"
TRUTH = "kind = 'memory'\nread_latency_ns = 120\ncapacity_bytes = 64e9\n"


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
