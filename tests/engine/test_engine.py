"""The client and the advisor against a real engine, llama.cpp, with a model that makes no sense.

Not to see what it says, but that the protocol is spoken, and that hints by chance do no harm. Run by
``make test-engine``, which builds the engine.
"""

import os
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import hint_world
import pytest
from model_street import AdvisorLoop, ModelStreet

from llamas_bpf.advise.model.answer import AnswerError, found
from llamas_bpf.advise.model.capability import probe
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.endpoint import NO_KEY, Endpoint

HERE = Path(__file__).parent
#: The interpreter of an environment with llama-cpp-python[server] and gguf.
PYTHON = os.environ["ENGINE_PYTHON"]
#: Nothing of the model is known here but this: it was written by chance.
QUESTIONS = 12
SCHEMA = {
    "type": "object",
    "properties": {
        "function": {"type": "string", "enum": ["one", "two"]},
        "number": {"type": "integer", "minimum": 0, "maximum": 9},
        "sure": {"type": "boolean"},
    },
    "required": ["function", "number", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_BASE_URL",
        "OPENAI_API_KEY",
        "OPENAI_MODEL",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Its address, once it answers."""
    directory = tmp_path_factory.mktemp("engine")
    model = directory / "tiny.gguf"
    subprocess.run([PYTHON, HERE / "tiny_gguf.py", model], check=True)
    assert model.stat().st_size < 1 << 20
    with _served(model, directory / "log") as url:
        yield Endpoint(url, None, NO_KEY)


@contextmanager
def _served(model: Path, log: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        PYTHON,
        "-m",
        "llama_cpp.server",
        "--model",
        model,
        "--model_alias",
        "tiny",
        "--n_ctx",
        "32768",
    ]
    command += ["--host", "127.0.0.1", "--port", str(port), "--chat_format", "chatml", "--n_threads", "2"]
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            _until_it_answers(f"http://127.0.0.1:{port}/v1", process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


def _until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline_s = time.monotonic() + 120
    while True:
        with suppress(OSError), urllib.request.urlopen(f"{url}/models", timeout=5):
            return
        assert process.poll() is None and time.monotonic() < deadline_s, log.read_text()[-2000:]
        time.sleep(0.2)


def asked(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": text}]


def test_the_form_is_found_and_the_answer_has_it(engine: Endpoint) -> None:
    """It refuses OpenAI's form, and keeps to llama.cpp's own."""
    client = Client(engine, 60)
    for number in range(5):
        reply = client.ask(asked(f"number {number}"), 200, SCHEMA)
        step = found(reply)
        assert step.keys() == {"function", "number", "sure"}, reply
        assert step["function"] in ("one", "two")
        assert isinstance(step["number"], int)
        assert isinstance(step["sure"], bool)
        assert reply.prompt_tokens is not None and reply.prompt_tokens > 10
        assert reply.completion_tokens is not None and reply.completion_tokens > 10
    assert client.model == "tiny"
    assert client.capability == "answers by JSON schema, in llama.cpp's form"
    client.close()


def test_plain_text_comes_too_and_is_cut_where_it_was_to_be(engine: Endpoint) -> None:
    client = Client(engine, 60)
    reply = client.ask(asked("Say something."), 30, None)
    assert reply.text
    assert reply.completion_tokens is not None and reply.completion_tokens <= 30
    client.close()


def test_a_full_window_is_told_as_such(engine: Endpoint) -> None:
    """A character is a token here."""
    client = Client(engine, 60)
    with pytest.raises(AnswerError) as error:
        client.ask(asked("x " * 20_000), 100, SCHEMA)
    assert (error.value.status, error.value.context_full) == ("too_long", True), error.value
    assert found(client.ask(asked("x"), 200, SCHEMA))
    client.close()


def test_doctor_tells_what_it_is(engine: Endpoint) -> None:
    sentence = probe(engine, 60)
    assert sentence.startswith(f"tiny at {engine.base_url}: answers by JSON schema, in llama.cpp's form; ")
    assert sentence.endswith(" s for a first short answer")


def test_hints_by_chance_do_no_harm(engine: Endpoint, tmp_path: Path) -> None:
    """Down the whole street in a dry run, held against the oracles."""
    counts: Counter[str] = Counter()
    with hint_world.sleeping() as processes:
        for seed in range(QUESTIONS):
            world = hint_world.build(Random(seed), tmp_path / f"world{seed}", processes)
            state = tmp_path / f"state{seed}"
            state.mkdir()
            with world.acting(state, dry_run=True) as actuation:
                loop = AdvisorLoop(str(engine.base_url), model=None, timeout_s=120, max_answer_tokens=600)
                came = ModelStreet(world, actuation).ask(loop)
                loop.advisor.close()
            assert came.status in ("ok", "invalid", "unknown_id", "too_long"), came.exchanges[-1]
            assert came.exchanges[-1].answer is not None
            assert world.tree() == world.before
            counts[came.status] += 1
            counts["hints"] += len(came.advice.hints) if came.advice else 0
            counts["accepted"] += len(came.accepted)
            counts["refused"] += len(came.refused)
    print(f"\nHints by chance, {QUESTIONS} questions: {dict(counts)}")
