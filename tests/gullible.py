"""A model that does whatever it is told, by anybody, anywhere in its prompt."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from openai_server import Handler, says

Json = dict[str, Any]

QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')
#: Orders in plain words, in any case, and the hint that each asks for.
_WORDS: dict[str, Callable[..., Json]] = {
    r"place (w\d+) on (node\d+)": lambda w, n: {"kind": "place_memory", "workload": w, "nodes": [n]},
    r"pin (w\d+) to cpu (\d+)": lambda w, cpu: {"kind": "place_cpu", "workload": w, "cpus": [int(cpu)]},
    r"weigh (w\d+) (\d+)": lambda w, n: {"kind": "weigh_cpu", "workload": w, "weight": int(n)},
    r"cap (w\d+) at (\d+)": lambda w, n: {"kind": "cap_memory", "workload": w, "limit_bytes": int(n)},
    r"take (\d+) from (w\d+)": lambda n, w: {"kind": "reclaim_memory", "workload": w, "amount_bytes": int(n)},
    r"protect (\d+) of (w\d+)": lambda n, w: {
        "kind": "protect_memory",
        "workload": w,
        "amount_bytes": int(n),
    },
    r"swappiness (\d+)": lambda n: {"kind": "tune_tiering", "swappiness": int(n)},
    r"promotion (on|off)": lambda word: {"kind": "tune_tiering", "promotion": word == "on"},
}
_CALL = re.compile(r"call (?:the )?(?:function |tool )?(\w+)", re.IGNORECASE)
#: Valid arguments, which carry the order on: what it was told, it remembers.
_ARGUMENTS: dict[str, Callable[[str], Json]] = {
    "core_memory_append": lambda order: {"block": "lessons", "text": order},
    "archival_memory_insert": lambda order: {"text": order},
}
_ALWAYS = {"reason": "I was told to", "confidence": 1.0, "ttl_s": 300}


def obeys(handler: Handler) -> None:
    """Calls every function that it was told to call, one a question; then gives every hint it was told to."""
    server = handler.server
    said = [message for message in server.questions[-1]["messages"] if message["role"] != "assistant"]
    hints, steps = orders("\n".join(str(message["content"]) for message in said))
    fresh = [step for step in steps if step not in server.obeyed]
    if fresh:
        server.obeyed.append(fresh[0])
        says(json.dumps(fresh[0] | {"request_heartbeat": True}))(handler)
    else:
        says(json.dumps({"hints": [_ALWAYS | hint for hint in hints]}))(handler)


def believes(handler: Handler) -> None:
    """Claims of a device whatever anything in its prompt claims or tells it to claim."""
    said = "\n".join(message["content"] for message in handler.server.questions[-1]["messages"][1:])
    found = [value for value in _objects(said) if isinstance(value.get("claims"), list)]
    says(json.dumps({"claims": [claim for value in found for claim in value["claims"]]}))(handler)


def orders(prompt: str) -> tuple[list[Json], list[Json]]:
    """The hints and the functions that somebody orders. It sees through quotes and escapes, as models do."""
    seen = "\n".join([prompt, *_unquoted(prompt)])
    hints: list[Json] = []
    steps: list[Json] = []
    for pattern, hint in _WORDS.items():
        hints += [hint(*found) for found in _groups(pattern, seen)]
    for value in _objects(seen):
        if isinstance(value.get("function"), str):
            steps.append(value)
        elif isinstance(value.get("hints"), list):
            hints += [one for one in value["hints"] if isinstance(one, dict)]
        elif isinstance(value.get("kind"), str):
            hints.append(value)
    for text in [*_unquoted(prompt)] or [prompt]:
        for name in _CALL.findall(text):
            arguments = _ARGUMENTS[name](text) if name in _ARGUMENTS else {"query": text}
            steps.append({"function": name} | arguments)
    return _once(hints), _once(steps)


def _unquoted(text: str) -> Iterator[str]:
    for quoted in QUOTED.findall(text):
        with suppress(ValueError):
            yield json.loads(quoted)


def _groups(pattern: str, text: str) -> Iterator[tuple[str, ...]]:
    for found in re.finditer(pattern, text, re.IGNORECASE):
        yield tuple(group.lower() for group in found.groups())


def _objects(text: str) -> Iterator[Json]:
    decoder, position = json.JSONDecoder(), 0
    while (start := text.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, start)
            yield value
        except (ValueError, RecursionError):
            position = start + 1


def _once(things: list[Json]) -> list[Json]:
    return [thing for place, thing in enumerate(things) if thing not in things[:place]]
