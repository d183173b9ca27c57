"""MemGPT's nested key-value task: a value may itself be a key, and the answer is where that ends.

140 pairs of UUIDs are in archival storage. The scripted model is no oracle: it searches for what it was told
last, pages through what it finds, and follows it as long as that leads on.
"""

import itertools
import json
import random
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from context_windows import (
    Messages,
    Scripted,
    asked,
    by_byte,
    by_chars,
    context,
    observation,
    results,
    step,
)
from situations import Row, hot, situation

from llamas_bpf.advise.confined.messages import Document

PAIRS = 140
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def pairs(seed: int, nesting: int) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs, shuffled, and the chain of ``nesting + 2`` ids: the first key, ..., the last value."""
    of = random.Random(seed)
    ids = [str(uuid.UUID(int=of.getrandbits(128), version=4)) for _ in range(2 * PAIRS)]
    chain = [ids.pop() for _ in range(nesting + 2)]
    found = list(itertools.pairwise(chain))
    while len(found) < PAIRS:
        found.append((ids.pop(), ids.pop()))
    of.shuffle(found)
    return found, chain


class Follower:
    """Looks up the key that the situation names (its workload is called that); says what it ends at."""

    def __init__(self, may_search: bool = True) -> None:
        self.may_search = may_search

    def __call__(self, messages: Messages, schema: Any) -> str:
        if schema is None:
            return "nothing yet"
        text = "\n".join(message["content"] for message in messages)
        asked_for = re.findall(rf'^w1: "({_UUID})"', text, re.MULTILINE)[-1]
        if not self.may_search:
            return self.says(asked_for, text)
        steps = [m["content"] for m in messages if m["role"] == "assistant"]
        searched = re.findall(rf'"query":"({_UUID})"', steps[-1]) if steps else []
        if not searched:
            return step("archival_memory_search", query=asked_for)
        (key,) = searched
        found = results(messages)[-1]
        if value := self.value_of(key, found["items"]):
            return step("archival_memory_search", query=value)
        if found["page"] < found["pages"]:
            return step("archival_memory_search", query=key, page=found["page"] + 1)
        return self.says(key, "")

    def value_of(self, key: str, items: list[str]) -> str | None:
        found = [match[1] for item in items if (match := re.search(rf"{key} = ({_UUID})", item))]
        return found[0] if found else None

    def says(self, value: str, text: str) -> str:
        """A guess at the best, where the pairs are not in the text."""
        known = self.value_of(value, text.splitlines())
        leave = {"kind": "leave", "workload": "w1", "reason": known or value, "confidence": 1}
        return json.dumps({"function": "give_hints", "hints": [leave]})


def ask_for(
    key: str, path: Path, play: Follower, count: Any, given: list[tuple[str, str]], hay: Sequence[str] = ()
) -> tuple[str, Scripted]:
    """The answer. In archival storage are these pairs, and other texts."""
    texts = [*(f"{key} = {value}" for key, value in given), *hay]
    documents = [Document(source=f"text{place}", text=text) for place, text in enumerate(texts)]
    model = Scripted(play, count)
    # Who counts each byte needs more than 6,000 for what is always there.
    tokens = 12_000 if count is by_byte else 8000
    of = context(model, path, tokens=tokens, steps=40, documents=documents)
    answered = asked(of, observation(1, situation([hot(name=key), Row("w2", {"sched.run_ns": 1.0})])))
    (hint,) = answered.hints
    return hint.reason, model


@pytest.mark.parametrize("count", [by_chars(2.5), by_byte], ids=["chars", "bytes"])
@pytest.mark.parametrize("nesting", range(5))
def test_it_is_solved_at_every_level(tmp_path: Path, nesting: int, count: Any) -> None:
    given, chain = pairs(nesting, nesting)
    reason, model = ask_for(chain[0], tmp_path, Follower(), count, given)
    assert reason == chain[-1]
    assert len(model.asking) >= nesting + 2
    # Nothing of it is in the window but the question.
    assert re.findall(_UUID, json.dumps(model.asking[0])) == [chain[0]]


@pytest.mark.parametrize("nesting", range(5))
def test_it_is_not_solved_from_the_window_alone(tmp_path: Path, nesting: int) -> None:
    given, chain = pairs(nesting, nesting)
    reason, model = ask_for(chain[0], tmp_path, Follower(may_search=False), by_chars(2.5), given)
    assert reason == chain[0] != chain[-1]
    assert chain[-1] not in json.dumps(model.prompts)


def test_pages_are_followed(tmp_path: Path) -> None:
    """A key that many other texts name: its own pair is far from the first page."""
    given, chain = pairs(9, 2)
    hay = [f"note {n}: {chain[1]} {chain[1]} was seen, {chain[1]}" for n in range(60)]
    reason, model = ask_for(chain[0], tmp_path, Follower(), by_chars(2.5), given, hay)
    assert reason == chain[-1]
    pages = [result["page"] for prompt in model.prompts for result in results(prompt)]
    assert max(pages) > 1
