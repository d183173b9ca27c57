"""``doctor`` where a model is configured: it asks, says so, and waits for nobody."""

import json
import subprocess
from typing import Any

import pytest
from controller import ENVIRONMENT, LLAMAS
from openai_server import Scene, drips_headers, says, serving


def doctor(url: str, *options: str) -> tuple[dict[str, Any], str]:
    """What it finds of the model, and its talk."""
    ended = subprocess.run(
        [*LLAMAS, "doctor", "--json", *options],
        env=ENVIRONMENT | {"OPENAI_BASE_URL": url, "OPENAI_MODEL": "m"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode in (0, 3), ended.stderr  # 3 is about the kernel
    (model,) = (check for check in json.loads(ended.stdout)["checks"] if check["name"] == "model")
    return model, ended.stderr


@pytest.mark.parametrize(
    ("scene", "ok", "told"),
    [
        (says('{"function": "ready"}'), True, "answers by JSON schema; "),
        (drips_headers, False, "no answer"),
    ],
)
def test_the_model_is_asked(scene: Scene, ok: bool, told: str) -> None:
    with serving(scene) as server:
        model, talk = doctor(server.url)
        assert (model["ok"], told in model["detail"]) == (ok, True), model
        assert "asking the model a short question, 5 s at most" in talk
        model, talk = doctor(server.url, "--no-model")
        assert model["detail"] == f"m at {server.url}: not asked (--no-model)"
        assert "asking" not in talk
        assert len(server.questions) == 1
