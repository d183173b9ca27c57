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
import live_answer
import pytest
from hint_world import World
from model_street import AdvisorLoop, ModelStreet

from llamas_bpf.advise.model.answer import AnswerError, found
from llamas_bpf.advise.model.capability import probe
from llamas_bpf.advise.model.client import Client
from llamas_bpf.advise.model.endpoint import NO_KEY, Endpoint
from llamas_bpf.as_json import Json
from llamas_bpf.contracts.exchange import Exchange, Status
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.situation import Situation

HERE = Path(__file__).parent
#: The interpreter of an environment with llama-cpp-python[server] and gguf.
PYTHON = os.environ["ENGINE_PYTHON"]
QUESTIONS = 60
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


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Its address, once it answers."""
    directory = tmp_path_factory.mktemp("engine")
    model = directory / "tiny.gguf"
    subprocess.run([PYTHON, HERE / "tiny_gguf.py", model], check=True)
    assert model.stat().st_size < 1 << 20
    with _served(model, directory / "log") as url:
        yield Endpoint(url, None, NO_KEY)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One with the packaged limits, in which all is there that can be acted on."""
    with hint_world.sleeping() as processes:
        yield hint_world.build(Random(0), tmp_path / "world", processes)


@contextmanager
def _served(model: Path, log: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    of_model = ["--model", str(model), "--model_alias", "tiny", "--n_ctx", "32768", "--chat_format", "chatml"]
    at = ["--host", "127.0.0.1", "--port", str(port), "--n_threads", "2"]
    command = [PYTHON, "-m", "llama_cpp.server", *of_model, *at]
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
    assert reply.cut
    assert reply.completion_tokens is not None and reply.completion_tokens <= 40  # it adds one or two
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


def test_the_advisor_gets_what_has_the_form_of_hints(engine: Endpoint, world: World, tmp_path: Path) -> None:
    """With the schema that it asks for in earnest. Bounds of numbers are not kept to; that is found here."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/system.j2").write_text("Answer in JSON.")  # or it reads 15,000 tokens
    counts: Counter[str] = Counter()
    with world.acting(tmp_path, dry_run=True) as actuation:
        street = ModelStreet(world, actuation)
        loop = AdvisorLoop(
            str(engine.base_url),
            tmp_path,
            model=None,
            timeout_s=240,
            max_answer_tokens=200,
            history_windows=1,
        )
        for _ in range(4):
            came = street.ask(loop)
            assert came.status in ("ok", "invalid", "unknown_id", "too_long"), came.exchanges[-1]
            assert '"hints"' in (came.exchanges[-1].answer or ""), came.exchanges[-1]
            counts[came.status] += 1
        loop.advisor.close()
    assert world.tree() == world.before
    print(f"\nThe advisor's questions: {dict(counts)}")


def test_hints_by_chance_do_no_harm(engine: Endpoint, world: World, tmp_path: Path) -> None:
    """Down the whole street in a dry run, held against the oracles: few of them are anything but nonsense, so
    that the schema here leaves less to chance."""
    counts: Counter[str] = Counter()
    with world.acting(tmp_path, dry_run=True) as actuation:
        street = ModelStreet(world, actuation)
        loop = ByChance(engine)
        for _ in range(QUESTIONS):
            came = street.ask(loop)
            counts[came.status] += 1
            counts["hints"] += len(came.advice.hints) if came.advice else 0
            counts["accepted"] += len(came.accepted)
            counts["refused"] += len(came.refused)
        loop.client.close()
    assert world.tree() == world.before
    print(f"\nHints by chance: {dict(counts)}")
    assert counts["accepted"] > 0
    assert counts["refused"] > 0


class ByChance:
    """A loop whose answers have the form of hints, about things that there are."""

    def __init__(self, engine: Endpoint) -> None:
        self.client = Client(engine, 240)
        self._number = 0
        schema = live_answer.schema()
        kinds = {name: _chosen(kind) for name, kind in schema["$defs"].items()}
        self._schema = schema | {"$defs": kinds}

    def answer(self, situation: Situation) -> tuple[Advice | None, list[Exchange]]:
        """The next question."""
        self._number += 1
        reply = self.client.ask(asked(f"number {self._number}"), 300, self._schema)
        status: Status = "ok"
        hints: list[Hint] = []
        try:
            hints = list(live_answer.parse(reply).hints)
        except AnswerError as error:
            status = error.status
        known = {workload.id for workload in situation.digest.workloads} | {"node0", "node1", "node2", "gpu0"}
        exchange = Exchange(
            id="x",
            window=situation.number,
            model="tiny",
            prompt_hash="",
            prompt=[],
            answer=reply.text,
            status=status,
            latency_ns=0,
        )
        return Advice(advisor="chance", hints=hints, known_ids=frozenset(known)), [exchange]


def _chosen(kind: Json) -> Json:
    """A kind of hint of which some parts can only be one of a few."""
    parts = {name: CHOICES.get(name, part) for name, part in kind.get("properties", {}).items()}
    return kind | {"properties": {name: part for name, part in parts.items() if name != "expect"}}


_SIZES = [1 << 20, 32 << 20, 180 << 20, 1 << 33, 1 << 45]
CHOICES: dict[str, Json] = {
    "reason": {"enum": ["by chance"]},
    "confidence": {"enum": [0.2, 0.6, 1.0]},
    "ttl_s": {"enum": [1, 60, 300, 86_400]},
    "workload": {"enum": [f"w{number}" for number in range(1, 15)]},
    "nodes": {"type": "array", "minItems": 1, "items": {"enum": ["node0", "node1", "node2", "node3"]}},
    "cpus": {"type": "array", "minItems": 1, "items": {"enum": [0, 1, 2, 5]}},
    "device": {"enum": ["gpu0", "eth0"]},
    "weight": {"enum": [20, 80, 120, 200]},
    "swappiness": {"enum": [0, 40, 80, 200]},
    **{name: {"enum": _SIZES} for name in ("amount_bytes", "limit_bytes", "swap_bytes", "zswap_bytes")},
    **{name: {"enum": [0.5, 2]} for name in ("most_cpus", "least_speed_percent", "most_speed_percent")},
    **{name: {"enum": [20]} for name in ("working_set_ttl_ms", "watermark_scale_factor")},
}
