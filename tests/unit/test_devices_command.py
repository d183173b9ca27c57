"""``llamas-bpf devices`` and its commands: what they print, keep, and refuse."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from controller import ENVIRONMENT, LLAMAS
from device_reading import answer
from openai_server import fails, says, serving

HOSTILE = "\x1b]0;owned\x07\x1b[2Jb\u202egnp"
FAST = """+++
node = 0
+++
On-package memory. Reads take 20 ns. It keeps nothing without power.
"""


class Place:
    """Policies, settings and state of one test."""

    def __init__(self, root: Path) -> None:
        self.texts = root / "policies/devices"
        self.texts.mkdir(parents=True)
        self.state = root / "state"
        self.config = root / "config.toml"
        self.config.write_text(f'policies = "{root / "policies"}"\n')

    def devices(self, *words: str, status: int = 0, model: str = "", text: str = "") -> tuple[str, str]:
        """Standard output and error, at 80 columns."""
        where = ("--state", str(self.state), "--config", str(self.config))
        told = {"OPENAI_BASE_URL": model, "OPENAI_MODEL": "m"} if model else {}
        ended = subprocess.run(
            [*LLAMAS, "devices", *where, *words],
            env=ENVIRONMENT | {"COLUMNS": "80"} | told,
            capture_output=True,
            text=True,
            input=text,
        )
        assert ended.returncode == status, ended.stderr
        return ended.stdout, ended.stderr

    def json(self, *words: str, status: int = 0) -> Any:
        return json.loads(self.devices(*words, "--json", status=status)[0])

    def doctor(self) -> Any:
        """What it says of device texts."""
        command = [*LLAMAS, "doctor", "--json", "--config", str(self.config)]
        ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
        checks = json.loads(ended.stdout)["checks"]
        return next(check for check in checks if check["name"] == "device texts")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_machine_is_shown_in_80_columns(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    shown, _ = place.devices()
    assert max(map(len, shown.split("\n"))) <= 80
    for words in ("processors", "Memory (* is what counts)", "node0", "20 ns*", "fast.md", "Memory tiers"):
        assert words in shown
    machine = place.json()["machine"]
    (feature, *_) = machine["features"]
    assert feature["node"] == 0
    assert feature["figures"]["read_latency_ns"]["text"] == 20
    assert machine["profiles"][0]["name"] == "fast"


def test_a_profile_of_hardly_anything_is_shown_in_whole_words(place: Place) -> None:
    assert "kind      other\n" in re.sub(" +\n", "\n", place.devices("learn", "--from", "-", text="Yes.")[0])


def test_texts_with_long_names_are_kept_apart_or_refused(place: Place) -> None:
    for name in ("a" * 150 + "1", "a" * 150 + "2", "a" * 201):
        (place.texts / f"{name}.md").write_text("Reads take 90 ns.")
    found = place.json("learn", status=2)
    assert [len(one["name"]) for one in found["learned"]] == [151, 151]
    assert "its name is too long: at most 200 bytes" in found["wrong"][0]
    assert len(place.json("learn", status=2)["unchanged"]) == 2


def test_what_an_editor_keeps_beside_a_text_is_none(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    (place.texts / ".fast.md").write_text(FAST)
    (place.texts / ".#fast.md").symlink_to("root@here.1234:5678")
    assert [one["name"] for one in place.json("learn")["learned"]] == ["fast"]


def test_a_text_is_read_once(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    assert [one["name"] for one in place.json("learn")["learned"]] == ["fast"]
    kept = place.state / "profiles/fast.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.stat().st_mtime_ns
    again = place.json("learn")
    assert (again["learned"], [one["name"] for one in again["unchanged"]]) == ([], ["fast"])
    assert "fast: unchanged since it was read by offline" in place.devices("learn")[1]
    assert kept.stat().st_mtime_ns == before
    (place.texts / "fast.md").write_text(FAST.replace("20 ns", "25 ns"))
    (learned,) = place.json("learn")["learned"]
    assert learned["read_latency_ns"] == 25


def test_what_was_learned_is_used_and_no_longer_than_its_text_stands(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    place.devices("learn")
    kept = place.state / "profiles/fast.json"
    kept.write_text(kept.read_text().replace('"read_latency_ns":20.0', '"read_latency_ns":21.0'))
    assert place.json()["machine"]["profiles"][0]["read_latency_ns"] == 21
    (place.texts / "fast.md").write_text(FAST.replace("20 ns", "25 ns"))
    assert place.json()["machine"]["profiles"][0]["read_latency_ns"] == 25
    kept.write_text(kept.read_text().replace('"node":0', '"cpus":"0-99999999999"'))
    assert place.json()["machine"]["profiles"][0]["binding"]["node"] == 0
    kept.write_text(kept.read_text().replace("21.0", "1e999"))
    assert "Infinity" not in place.devices("--json")[0]
    kept.write_text("no JSON")
    (note,) = [one for one in place.json()["machine"]["notes"] if "damaged" in one]
    assert note == f"{kept} is damaged: remove it (its text is read anew)"


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_one_file_is_read_and_nothing_kept(place: Place, tmp_path: Path, way: str) -> None:
    (tmp_path / "some.txt").write_text(FAST)
    name = str(tmp_path / "some.txt") if way == "file" else "-"
    out, talk = place.devices("learn", "--from", name, "--json", text=FAST)
    profile = json.loads(out)
    assert profile["name"] == ("some" if way == "file" else "stdin")
    assert profile["read_latency_ns"] == 20
    assert "20 ns" in profile["evidence"]["read_latency_ns"]
    assert profile["doubts"] == []
    assert profile["reader"] == "offline"
    assert "read by the offline extractor" in talk
    assert not place.state.exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("learn", "fats"), "no usable device text is called fats; did you mean fast?"),
        (("learn", "--from", "nowhere.md"), "nowhere.md: no such file"),
        (("learn", "--from", "x" * 300), "x: cannot be read: File name too long"),
        (("learn", "fast", "--from", "nowhere.md"), "--from reads one file: leave the names out"),
        (("learn", "--frontend", "model"), "no model is configured: set OPENAI_BASE_URL"),
        (("measure", "--node", "77"), "node 77 has no memory here, or is not there: nodes with memory are 0"),
    ],
)
def test_wrong_use_is_answered_with_what_to_do(place: Place, words: tuple[str, ...], error: str) -> None:
    (place.texts / "fast.md").write_text(FAST)
    assert error in place.devices(*words, status=2)[1]
    assert not place.state.exists()


@pytest.mark.parametrize(
    ("files", "errors"),
    [
        ({"a.md": FAST, "b.md": FAST}, ["a.md and b.md are about the same node 0: none is used"]),
        (
            {"a.md": "+++\ncpus = '0-3'\n+++\nfast", "b.md": "+++\ncpus = '2-5'\n+++\nfast"},
            ["a.md and b.md are about the same CPUs 2-3"],
        ),
        ({"a.md": ""}, ["a: is empty"]),
        ({"a.md": "a\0b"}, ["a: is binary"]),
        ({"a.md": "+++\nnoed = 2\n+++\nfast"}, ["a: unknown key 'noed'; did you mean 'node'?"]),
    ],
)
def test_texts_that_cannot_be_used_are_named_and_the_others_read(
    place: Place, files: dict[str, str], errors: list[str]
) -> None:
    for name, text in ({"good.md": "Memory. Reads take 90 ns."} | files).items():
        (place.texts / name).write_text(text)
    out, talk = place.devices("learn", "--json", status=2)
    assert [one["name"] for one in json.loads(out)["learned"]] == ["good"]
    found = place.json()["machine"]
    assert [one["name"] for one in found["profiles"]] == ["good"]
    doctor = place.doctor()
    assert not doctor["ok"]
    for error in errors:
        assert error in doctor["detail"]
        assert error in talk
        assert any(error in note for note in found["notes"])
        assert any(error in note for note in json.loads(out)["wrong"])


@pytest.mark.parametrize(
    ("front", "note"),
    [
        ("node = 900", "a: there is no node 900 here: nodes are 0"),
        ("cpus = '0,7000-7001'", "a: CPUs 7000-7001 are not online here: 0"),
        ("pci = 'ffff:ff:1f.7'", "a: there is no PCI device ffff:ff:1f.7 here (lspci -D lists them)"),
    ],
)
def test_a_text_about_what_is_not_there_is_named(place: Place, front: str, note: str) -> None:
    (place.texts / "a.md").write_text(f"+++\n{front}\n+++\nMemory. Reads take 90 ns.")
    found = place.json()["machine"]
    assert any(one.startswith(note) for one in found["notes"])
    assert found["profiles"][0]["name"] == "a"
    assert note in place.devices("learn")[1]
    assert note in place.devices("learn", "--from", str(place.texts / "a.md"))[1]


def test_an_operators_text_goes_before_a_packaged_one_of_its_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llamas_bpf import policies
    from llamas_bpf.config import Config
    from llamas_bpf.machine import profiles

    for part, name in (("packaged", "theirs"), ("own", "ours")):
        (tmp_path / part / "devices").mkdir(parents=True)
        (tmp_path / part / "devices" / f"{name}.md").write_text(FAST)
    monkeypatch.setattr(policies, "packaged", lambda: tmp_path / "packaged")
    found, wrong = profiles.load(Config(policies=tmp_path / "own"), None)
    assert [one.name for one in found] == ["ours"]
    assert wrong == ("ours.md and theirs.md are about the same node 0: ours.md is used",)


def test_without_texts_it_says_where_to_write_one(place: Place) -> None:
    out, talk = place.devices("learn")
    assert out == ""
    assert f"describe a device in {place.texts}/NAME.md" in talk


def test_a_configured_model_reads_and_offline_is_a_word_away(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    right = {"words": "Reads take 20 ns", "field": "read_latency_ns", "value": 20, "unit": "ns"}
    made_up = right | {"field": "write_latency_ns", "value": 30}
    with serving(says(answer(right, made_up))) as server:
        out, talk = place.devices("learn", "--json", model=server.url)
        (learned,) = json.loads(out)["learned"]
        assert (learned["reader"], learned["read_latency_ns"]) == ("m", 20)
        assert learned["write_latency_ns"] is None
        assert [one["field"] for one in learned["doubts"]] == ["write_latency_ns"]
        assert f"read by m at {server.url}" in talk
        asked = len(server.questions)
        place.devices("learn", model=server.url)
        (learned,) = json.loads(
            place.devices("learn", "--frontend", "offline", "--json", model=server.url)[0]
        )["learned"]
        assert learned["reader"] == "offline"
        assert len(server.questions) == asked


def test_a_model_that_fails_is_stood_in_for(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    with serving(fails(500, "out of order")) as server:
        out, talk = place.devices("learn", "--json", model=server.url)
    (learned,) = json.loads(out)["learned"]
    assert (learned["reader"], learned["read_latency_ns"]) == ("offline", 20)
    assert f"read by m at {server.url}" in talk
    assert "fast: the model could not read it" in talk
    assert "out of order" in talk
    assert server.questions
    right = {"words": "Reads take 20 ns", "field": "read_latency_ns", "value": 20, "unit": "ns"}
    with serving(says(answer(right))) as server:
        (learned,) = json.loads(place.devices("learn", "--json", model=server.url)[0])["learned"]
    assert learned["reader"] == "m"


def test_what_was_only_read_offline_is_read_by_a_model_once_there_is_one(place: Place) -> None:
    (place.texts / "fast.md").write_text(FAST)
    place.devices("learn")
    with serving(fails(500, "out of order")) as server:
        out, talk = place.devices("learn", "--json", model=server.url)
    told = json.loads(out)
    assert (told["learned"], [one["reader"] for one in told["unchanged"]]) == ([], ["offline"])
    assert "fast: was read offline, and there is a model now: it is read anew" in talk
    assert "fast: the model could not read it" in talk
    kept = place.state / "profiles/fast.json"
    assert json.loads(kept.read_text()) == told["unchanged"][0]
    right = {"words": "Reads take 20 ns", "field": "read_latency_ns", "value": 20, "unit": "ns"}
    with serving(says(answer(right))) as server:
        place.devices("learn", "--frontend", "offline", model=server.url)
        assert not server.questions
        out, talk = place.devices("learn", "--json", model=server.url)
        assert "it is read anew" in talk
        asked = len(server.questions)
        place.devices("learn", model=server.url)
        assert len(server.questions) == asked
    assert json.loads(kept.read_text()) == json.loads(out)["learned"][0]
    assert json.loads(out)["learned"][0]["reader"] == "m"


@pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root can give a folder away")
def test_nothing_is_kept_where_others_could_lead_it_elsewhere(place: Place, tmp_path: Path) -> None:
    (place.texts / "fast.md").write_text(FAST)
    (tmp_path / "elsewhere").mkdir()
    place.state.mkdir()
    (place.state / "profiles").symlink_to(tmp_path / "elsewhere")
    os.chown(place.state, 1000, -1)
    _, talk = place.devices("learn", status=2)
    assert f"{place.state} belongs to uid 1000" in talk
    assert [*(tmp_path / "elsewhere").iterdir()] == []
    assert [one["name"] for one in place.json()["machine"]["profiles"]] == ["fast"]


def test_hostile_words_are_shown_harmlessly(place: Place) -> None:
    (place.texts / f"a{HOSTILE}.md").write_text(f"+++\nnode = 0\n+++\nReads take 20 ns, says {HOSTILE}.")
    (place.texts / "b.md").write_text(f"+++\n{HOSTILE} = 1\n+++\nfast")
    for words, status in (((), 0), (("learn",), 2)):
        for text in place.devices(*words, status=status):
            assert all(c.isprintable() or c == "\n" for c in text), repr(text)


def test_measuring_is_shown_and_kept(place: Place) -> None:
    shown, _ = place.devices("measure", "--node", "0")
    assert max(map(len, shown.split("\n"))) <= 80
    assert "latency" in shown
    assert "outrank" in shown
    found = place.json("measure", "--node", "0")
    assert found["counts"] is not bool(found["why"])
    here = place.json()
    assert here["measured"]["pairs"] == found["pairs"]
    latency = here["machine"]["features"][0]["figures"].get("read_latency_ns", {}).get("measured")
    assert (latency is not None) is found["counts"]
    assert (place.state / "measured.json").stat().st_mode & 0o777 == 0o600
