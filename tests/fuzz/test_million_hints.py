"""A million hints, by a plain generator: ``make test-fuzz``. HINTS: how many; SEED: where chance begins."""

import itertools
import os
import time
from collections import Counter
from pathlib import Path
from random import Random

import hint_fuzz
import hint_world
import pytest
from hint_street import REACHABLE, Life, lived
from live_answer import parse

from llamas_bpf.advise.model.answer import AnswerError, Reply

HINTS = int(os.environ.get("HINTS", "1000000"))
SEED = int(os.environ.get("SEED", "0"))
WORLDS = 200


@pytest.mark.timeout(0)
def test_a_million_hints(tmp_path: Path) -> None:
    random, counts, begun = Random(SEED), Counter[str](), time.monotonic()
    with hint_world.sleeping() as processes:
        places = (tmp_path / str(number) for number in range(WORLDS))
        worlds = [hint_world.build(random, place, processes) for place in places]
        for number, world in enumerate(itertools.cycle(worlds)):
            if counts["sent"] >= HINTS:
                break
            life = Life.of(random, windows=20, most=12)
            counts["sent"] += life.sent
            try:
                counts += lived(life, world)
            except AssertionError as error:
                raise AssertionError(f"life {number} of SEED={SEED}: {life}") from error
    seconds = time.monotonic() - begun
    print(f"\n{HINTS / seconds:,.0f} hints/s: {dict(counts)}")
    assert counts["applied"] > HINTS // 200
    assert counts["hints"] > HINTS // 2
    assert not REACHABLE - counts.keys(), counts


@pytest.mark.timeout(0)
def test_answers(tmp_path: Path) -> None:
    random, counts = Random(SEED), Counter[str]()
    for _ in range(HINTS // 20):
        text = hint_fuzz.answer(random)
        try:
            counts["hints"] += len(parse(Reply(text, cut=random.random() < 0.1)).hints)
        except AnswerError as error:
            counts[error.status] += 1
    print(f"\n{dict(counts)}")
    assert counts["hints"] > HINTS // 100
