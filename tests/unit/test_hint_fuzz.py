"""Whatever an advisor says: nothing outside the limits is ever written, and nothing is left behind."""

import itertools
from collections import Counter
from collections.abc import Iterator
from random import Random

import hint_fuzz
import hint_world
import pytest
from hint_street import Life, lived
from hint_world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llamas_bpf.advise.answer import AnswerError, Reply, parse

WORLDS = 40


class Drawn(Random):
    """Chance that hypothesis chooses, remembers and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        super().__init__()

    def random(self) -> float:
        return self._draw(st.floats(0, 1, exclude_max=True))

    def _randbelow(self, below: int) -> int:
        return self._draw(st.integers(0, below - 1))


@st.composite
def lives(draw: st.DrawFn) -> tuple[int, Life]:
    """Which of the worlds, and what is said in it."""
    return draw(st.integers(0, WORLDS - 1)), Life.of(Drawn(draw), windows=2, most=3)


@st.composite
def answers(draw: st.DrawFn) -> str:
    return hint_fuzz.answer(Drawn(draw))


#: Thousands, of which each has a few hints.
MANY = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=1500)


#: A failure is shown whole, even where it lists thousands of CPUs.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    with hint_world.sleeping() as process:
        places = [tmp_path_factory.mktemp("world") for _ in range(WORLDS)]
        yield [hint_world.build(Random(seed), place, process) for seed, place in enumerate(places)]


@MANY
@given(life=lives())
def test_hints(life: tuple[int, Life], worlds: list[World]) -> None:
    which, said = life
    lived(said, worlds[which])


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


def test_enough_gets_through_to_mean_something(worlds: list[World]) -> None:
    counts: Counter[str] = Counter()
    for seed, world in enumerate(itertools.islice(itertools.cycle(worlds), 100)):
        counts += lived(Life.of(Random(seed), windows=5, most=8), world)
    assert counts["applied"] > 20, counts
    assert counts["plan"] and counts["bounds"] and counts["capacity"] and counts["protected"], counts
