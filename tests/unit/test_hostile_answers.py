"""A thousand hostile and broken answers over real HTTP, down the whole street in a dry run."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

import hint_world
import pytest
from hint_world import World
from hostile_answers import Hostile, answers
from model_street import AdvisorLoop, Came, Loop, ModelStreet
from openai_server import Scene, Server, drips, hangs, hints, says, serving

KEY = "sk-very-secret-0123456789"
#: On several processors at once, and none longer than a slow one has.
PARTS = 4


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with hint_world.sleeping() as processes:
        yield hint_world.build(Random(0), tmp_path / "world", processes)


def drive(loop: Loop, server: Server, street: ModelStreet, hostile: list[Hostile]) -> dict[str, Counter[str]]:
    """Each answer in turn, down the street; of each kind, under which reason how many were counted."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in hostile:
        server.script = [one.scene]
        came = street.ask(loop)
        assert came.status in one.statuses, (one.kind, came.exchanges[-1])
        assert came.accepted == [] or came.status in ("ok", "unknown_id"), (one.kind, came)
        _told(came)
        counts[one.kind][came.status] += 1
        counts["all"].update({"hints": len(came.advice.hints) if came.advice else 0})
        counts["all"].update({"accepted": len(came.accepted), "refused": len(came.refused)})
    return counts


def _told(came: Came) -> None:
    """Why it was no use is told, within bounds, and without the key."""
    for exchange in came.exchanges:
        assert exchange.status == "ok" or exchange.detail, exchange
        assert len(exchange.detail) <= 500
        assert KEY not in exchange.model_dump_json()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_thousand_answers(world: World, tmp_path: Path, part: int) -> None:
    hostile = answers(seed=6)
    assert len(hostile) > 1000
    with serving(hints()) as server, world.acting(tmp_path, dry_run=True) as actuation:
        loop = AdvisorLoop(server.url, history_windows=1, context={"steps": 1})
        counts = drive(loop, server, ModelStreet(world, actuation), hostile[part::PARTS])
        loop.advisor.close()
        assert set(server.paths) == {"/v1/chat/completions"}, "no redirect is followed"
    assert world.tree() == world.before
    assert counts["unusual_but_right"].keys() == {"ok"}
    # What gets through is judged, and there is enough of it.
    assert counts["all"]["accepted"] > 20 / PARTS, counts
    assert counts["all"]["refused"] > 100 / PARTS, counts


@pytest.mark.parametrize("scene", [hangs, drips])
def test_no_answer_in_time_is_counted_as_that(world: World, tmp_path: Path, scene: Scene) -> None:
    with serving(scene) as server, world.acting(tmp_path, dry_run=True) as actuation:
        loop = AdvisorLoop(server.url, timeout_s=0.3)
        drive(loop, server, ModelStreet(world, actuation), [Hostile("late", scene, frozenset({"timeout"}))])
        server.ending.set()
        loop.advisor.close()


def test_what_is_judged_here_can_fail(world: World, tmp_path: Path) -> None:
    """The same street finds an answer that is counted under a wrong reason."""
    with serving(hints()) as server, world.acting(tmp_path, dry_run=True) as actuation:
        loop = AdvisorLoop(server.url)
        with pytest.raises(AssertionError, match="prose"):
            wrong = Hostile("prose", says("no"), frozenset({"ok"}))
            drive(loop, server, ModelStreet(world, actuation), [wrong])
        loop.advisor.close()
