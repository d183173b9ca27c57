"""A model's advisor with the street behind it: question, answer, hints, plan, guard, and the funnel in a dry
run, each step held against the oracles."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import hint_oracle as oracle
from hint_world import World

from llamas_bpf.act import Actuation
from llamas_bpf.advise import Advisor, llm
from llamas_bpf.config import Config, LlmConfig
from llamas_bpf.contracts.action import Action, Refusal
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.loop import BASELINE
from llamas_bpf.controller.past import Past
from llamas_bpf.guard import Guard, Limits
from llamas_bpf.learn import gist
from llamas_bpf.plan import plan

#: In the digests' own time: longer than any advisor waits after a failure before it asks again.
_LONG_S = 4000
_PATIENCE_S = 60.0


class Loop(Protocol):
    """Whatever asks a model."""

    def answer(self, situation: Situation) -> tuple[Advice | None, list[Exchange]]:
        """What one question, asked about this situation, came to."""


class AdvisorLoop:
    """The ``llm`` advisor as the controller has it."""

    def __init__(self, url: str, policies: Path | None = None, **settings: Any) -> None:
        asked = {"base_url": url, "model": "m", "timeout_s": 10, "budget": {"calls_per_hour": None}}
        # Enough for any tokenizer: nothing need be measured first.
        settings["context"] = {"tokens": 20_000} | settings.get("context", {})
        self._patience_s = max(_PATIENCE_S, 2.0 * float(settings.get("timeout_s", 0)))
        self.advisor: Advisor = llm.create(
            Config(llm=LlmConfig.model_validate(asked | settings), policies=policies)
        )

    def answer(self, situation: Situation) -> tuple[Advice | None, list[Exchange]]:
        """The same window again and again, in which no time passes, until the answer is there."""
        exchanges: list[Exchange] = []
        deadline_s = time.monotonic() + self._patience_s
        while True:
            assert time.monotonic() < deadline_s, f"nothing is asked: {self.advisor.why}"
            advice = self.advisor.advise(situation)
            exchanges += self.advisor.drain_exchanges()
            if exchanges:
                return advice, exchanges
            while not self.advisor.idle():
                assert time.monotonic() < deadline_s, "no answer, and no word of it"
                time.sleep(0.003)


@dataclass(frozen=True)
class Came:
    """What a question came to: ``status`` of its last exchange; what the guard let through, and refused."""

    exchanges: list[Exchange]
    advice: Advice | None
    accepted: Sequence[Action]
    refused: Sequence[Refusal]

    @property
    def status(self) -> str:
        return self.exchanges[-1].status


class ModelStreet:
    """One controller's life in an invented world, in which nothing is ever written."""

    def __init__(self, world: World, actuation: Actuation) -> None:
        self._world = world
        self._actuation = actuation
        self._guard = Guard(Limits.model_validate(world.limits), actuation.present)
        self._past = Past()
        self._number = 0
        self._decisions = 0
        for _ in range(BASELINE):
            self._window()

    def ask(self, loop: Loop) -> Came:
        """One question, and all that follows from its answer."""
        situation = self._window()
        advice, exchanges = loop.answer(situation)
        accepted, refused = self._carried_out(advice, situation) if advice else ([], [])
        self._past.add(situation, Events(refusals=tuple(refused)))
        return Came(exchanges, advice, accepted, refused)

    def refused(self, sentence: str) -> None:
        """A refusal in these words comes down the street with the next window."""
        refusal = Refusal(hint_id=1, check="scope", sentence=sentence, workload="w1")
        self._past.add(self._window(), Events(refusals=(refusal,)))

    def _window(self) -> Situation:
        self._number += 1
        digest = self._world.digest(self._number, self._number * _LONG_S * 10**9, "calm")
        self._past.windows.append(digest)
        scope = self._guard.scope(digest)
        return self._past.situation(self._number, self._world.machine, (), scope, frozenset())

    def _carried_out(self, advice: Advice, situation: Situation) -> tuple[list[Action], list[Refusal]]:
        ids = [self._decisions + number for number in range(1, len(advice.hints) + 1)]
        self._decisions += len(ids)
        actions, unplanned = plan(advice, ids, situation)
        said = dict(zip(ids, advice.hints, strict=True))
        confidence = {number: hint.confidence for number, hint in said.items()}
        gists = {number: gist(hint) for number, hint in said.items()}
        accepted, refused = self._guard.check(actions, situation, confidence, gists)
        oracle.judge(self._world, situation.digest, accepted, confidence, {}, self._world.now)
        oracle.whole(accepted, refused)
        named = {action.workload for action in accepted} - {None}
        assert named <= advice.known_ids, "only what the prompt gave out may be named"
        assert all(one.sentence.isprintable() for one in (*unplanned, *refused))
        done = self._actuation.apply(accepted)
        assert {one.status for one in done} <= {"dry_run", "unchanged", "failed"}, done
        return accepted, [*unplanned, *refused]
