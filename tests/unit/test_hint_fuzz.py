"""Whatever an advisor says: nothing outside the limits is ever written, and nothing is left behind."""

import itertools
import pkgutil
from collections import Counter
from collections.abc import Iterator
from random import Random

import hint_fuzz
import hint_world
import pytest
from hint_street import REACHABLE, Life, lived
from hint_world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_answer import parse

from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.guard import checks

WORLDS = 40


class Drawn(Random):
    """Chance that hypothesis chooses, remembers and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        super().__init__()

    def random(self) -> float:
        return self._draw(st.integers(0, 99)) / 100

    def _randbelow(self, below: int) -> int:
        return self._draw(st.integers(0, below - 1))


@st.composite
def lives(draw: st.DrawFn) -> tuple[int, Life]:
    """Which of the worlds, and what is said in it."""
    return draw(st.integers(0, WORLDS - 1)), Life.of(Drawn(draw), windows=2, most=4)


@st.composite
def answers(draw: st.DrawFn) -> str:
    return hint_fuzz.answer(Drawn(draw))


#: Hundreds, of which each has a few hints.
MANY = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=600)


#: A failure is shown whole, even where it lists thousands of CPUs.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    with hint_world.sleeping() as processes:
        places = [tmp_path_factory.mktemp("world") for _ in range(WORLDS)]
        yield [hint_world.build(Random(seed), place, processes) for seed, place in enumerate(places)]


def test_hints(worlds: list[World]) -> None:
    counts: Counter[str] = Counter()

    @MANY
    @given(life=lives())
    def each(life: tuple[int, Life]) -> None:
        which, said = life
        counts.update(lived(said, worlds[which]))

    each()
    assert counts["applied"] > 30, counts


@MANY
@given(text=answers())
def test_answers(text: str) -> None:
    try:
        answer = parse(Reply(text))
    except AnswerError as error:
        assert error.status in ("invalid", "too_long")
        assert len(str(error)) < 1000
    else:
        assert len(answer.hints) <= 64


def test_all_is_tried_and_every_check_asked(worlds: list[World]) -> None:
    """Long lives, in which verdicts are given and what they teach counts."""
    counts: Counter[str] = Counter()
    for seed, world in enumerate(itertools.islice(itertools.cycle(worlds), 150)):
        counts += lived(Life.of(Random(seed), windows=40, most=4), world)
    verdicts = {"helped", "neutral", "harmed"}
    refused = {module.name for module in pkgutil.iter_modules(checks.__path__)} | {"plan", "advice"}
    assert not (REACHABLE | verdicts | refused) - counts.keys(), counts
