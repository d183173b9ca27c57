"""What ``doctor`` tells of the model's server, asked by a child without rights."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest
from openai_server import Scene, drips_headers, fails, hangs, hangs_up, hints, refusing, says, serving

from llamas_bpf.advise.confined.user import DYNAMIC
from llamas_bpf.advise.model.answer import AnswerError
from llamas_bpf.advise.model.aside import aside
from llamas_bpf.advise.model.capability import prepared, probe
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.cli import doctor
from llamas_bpf.config import Config
from llamas_bpf.digest.trees import descendants

KEY = "sk-very-secret-0123456789"
READY = says('{"function": "ready"}')


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.mark.parametrize(
    ("scene", "told"),
    [
        (READY, ": answers by JSON schema; "),
        (refusing("json_schema", then=READY), ": answers by JSON schema, in llama.cpp's form; "),
        (says("I am ready."), "which was of no use: no JSON object"),
        (hints(), "which was not what it was asked for"),
    ],
)
def test_it_names_the_server_the_model_and_what_it_can_do(scene: Scene, told: str) -> None:
    with serving(scene) as server:
        sentence = probe(Endpoint(server.url, None, KEY))
    assert sentence.startswith(f"scripted at {server.url}: ")
    assert told in sentence


@pytest.mark.parametrize(
    ("scene", "told"),
    [
        (fails(401, f"wrong key {KEY}"), "wrong key [key]: set OPENAI_API_KEY"),
        (fails(404, "no such model"), "name a model that it has"),
        (fails(429, "slow down"), "its limit of requests is reached"),
        (fails(500, "oh"), "see the server's own log"),
        (hangs_up, "start the server, or correct base_url"),
        (hangs, "it may still be loading its model"),
        (says("x" * 2_000_000), "is base_url that of an OpenAI-compatible server?"),
    ],
)
def test_what_fails_says_what_to_do(scene: Scene, told: str) -> None:
    with serving(scene) as server, pytest.raises(AnswerError) as error:
        probe(Endpoint(server.url, "m", KEY), most_s=0.5)
    assert str(error.value).startswith(f"m at {server.url}: ")
    assert told in str(error.value)
    assert KEY not in str(error.value)


def test_doctor_asks_and_need_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(READY) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert doctor._model_check(Config(), True)["detail"].endswith(": not asked (--no-model)")
        assert server.paths == []
        model = doctor._model_check(Config(), False)
        assert model["ok"]
        assert model["detail"].startswith(f"scripted at {server.url}: answers by JSON schema")
    model = doctor._model_check(Config(), False)
    assert not model["ok"]
    assert "start the server, or correct base_url" in model["detail"]


def test_a_child_without_rights_asks(tmp_path: Path) -> None:
    """It reads nothing from disk any more, as what root installed may be closed to others."""
    (tmp_path / "secret").write_text("root's")
    (tmp_path / "secret").chmod(0o600)
    tmp_path.chmod(0o700)
    with serving(READY) as server:
        ask = prepared(Endpoint(server.url, "m", KEY), 5)

        def asked() -> str:
            sys.meta_path.clear()
            own = {
                name: value
                for name, _, value in map(_parts, Path("/proc/self/status").read_text().splitlines())
            }
            readable = os.access(tmp_path / "secret", os.R_OK)
            return json.dumps(
                [ask(), own["Uid"], own["Groups"], own["CapEff"], own["CapPrm"], own["CapBnd"], readable]
            )

        said = aside(asked, 5)
    assert said is not None
    sentence, uid, groups, *capabilities, readable = json.loads(said)
    assert "answers by JSON schema" in sentence
    if os.geteuid() == 0:
        (user,) = map(int, set(uid.split()))
        assert (user in DYNAMIC, groups) == (True, "")
        assert [int(text, 16) for text in capabilities] == [0, 0, 0]
        assert not readable


def _parts(line: str) -> tuple[str, str, str]:
    name, colon, value = line.partition(":")
    return name, colon, value.strip()


def test_whatever_the_child_does_it_ends_in_time() -> None:
    before = descendants(os.getpid())
    with serving(drips_headers) as server:
        ask = prepared(Endpoint(server.url, "m", KEY), 0.2)
        assert aside(ask, 0.5) is None
    assert aside(lambda: str(threading.Event().wait(600)), 0.2) is None
    assert aside(lambda: str(1 / 0), 60) is None
    assert aside(lambda: "x" * 100_000, 60) == "x" * 65_536
    assert aside(lambda: os.kill(os.getpid(), 9) or "", 60) is None  # type: ignore[func-returns-value]
    assert descendants(os.getpid()) <= before
