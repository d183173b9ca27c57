"""A recorded run again, window by window and without acting: what would these advisors have said?

What was refused, written, taken back and judged is as recorded, whatever is said now: nobody can know what
would have become of it. Not recorded, and so missing here: what was learnt in runs that the file does not
tell of, which workloads limits.toml had in scope beside those of ``exec``, and who was on trial without ever
being judged.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from llamas_bpf import advise
from llamas_bpf.advise import Advisor
from llamas_bpf.advise.replay import NAME
from llamas_bpf.contracts.action import ONE_SHOTS, Applied, Refusal, Target
from llamas_bpf.contracts.decision import Decision, Events, Restored
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.loop import BASELINE, HARMED
from llamas_bpf.controller.past import Past
from llamas_bpf.learn import Lessons
from llamas_bpf.recording import Recording, steps

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Compared:
    """One window: the hints of then, and those of now with the name of who gave them; what a model was asked
    now and has answered."""

    number: int
    digest: Digest
    then: tuple[Hint, ...]
    now: tuple[Hint, ...]
    advisor: str | None
    exchanges: tuple[Exchange, ...]


def replay(
    recording: Recording, machine: Machine, advisors: Sequence[Advisor], wait: Callable[[], None]
) -> Iterator[Compared]:
    """``wait`` is called after each window: it returns when no model thinks any more. An answer is one of
    the next window, as if the model had needed a second."""
    run = _Run(recording)
    for number, digest in recording.digests():
        situation = run.situation(number, digest, machine)
        advice = advise.answer(advisors, situation) if number >= BASELINE else None
        for advisor in advisors:
            advisor.observe(situation)
        asked = tuple(exchange for advisor in advisors for exchange in advisor.drain_exchanges())
        then = tuple(decision.hint for decision in run.decisions(number))
        now = tuple(advice.hints) if advice else ()
        yield Compared(number, digest, then, now, advice.advisor if advice else None, asked)
        run.add(situation)
        wait()


class _Run:
    """What the recorded controller remembered, window after window."""

    def __init__(self, recording: Recording) -> None:
        lessons = Lessons()
        for outcome in recording.earlier:
            lessons.learn(outcome, 0.0)
        self._past = Past(lessons)
        self._in_force: dict[Target, Applied] = {}
        self._unjudged: dict[str, str | None] = {}  # by action: whose
        self._decisions: dict[int, list[Decision]] = {}
        self._steps: dict[int, list[Refusal | Applied | Restored | Outcome]] = {}
        self._exchanges = {each.id: each for each in recording.exchanges}
        used = {made.exchange_id for made in recording.decisions}
        self._unused: dict[int, list[Exchange]] = {}
        for each in recording.exchanges:
            if each.id not in used and each.function in ("", "give_hints"):
                self._unused.setdefault(each.window, []).append(each)
        for made in recording.decisions:
            decision = Decision(made.id, made.hint, made.advisor, made.exchange_id)
            self._decisions.setdefault(made.window, []).append(decision)
            for step in steps(made):
                self._steps.setdefault(step.window, []).append(step.what)

    def decisions(self, number: int) -> list[Decision]:
        return self._decisions.get(number, [])

    def situation(self, number: int, digest: Digest, machine: Machine) -> Situation:
        """What had lived its time by this window is gone from it; what did harm went at its end."""
        self._past.windows.append(digest)
        for restored in self._of(number, Restored):
            if restored.reason != HARMED:
                self._end(restored)
        in_force = tuple(self._in_force.values())
        held = {entry.action.id for entry in in_force}
        self._unjudged = {
            action: whose for action, whose in self._unjudged.items() if action in held or whose is None
        }
        scope = frozenset(each.id for each in digest.workloads if each.started_by_exec)
        return self._past.situation(number, machine, in_force, scope, frozenset(self._unjudged.values()))

    def add(self, situation: Situation) -> None:
        """What came of this window then."""
        number = situation.number
        applied, outcomes = self._of(number, Applied), self._of(number, Outcome)
        for entry in applied:
            if entry.status == "applied" and entry.action.target.kind not in ONE_SHOTS:
                self._in_force.pop(entry.action.target, None)
                self._in_force[entry.action.target] = entry
                self._unjudged[entry.action.id] = entry.action.workload
        for outcome in outcomes:
            self._unjudged.pop(outcome.action_id, None)
        for restored in self._of(number, Restored):
            self._end(restored)
        events = Events(
            tuple(self.decisions(number)),
            tuple(self._of(number, Refusal)),
            tuple(applied),
            tuple(self._of(number, Restored)),
            tuple(outcomes),
        )
        self._past.add(situation, events)
        for advice, exchanges in self._answers(number):
            self._past.add_answer(situation, advice, exchanges)

    def _end(self, restored: Restored) -> None:
        if not restored.failed:
            self._in_force = {
                target: entry
                for target, entry in self._in_force.items()
                if entry.action.id != restored.action_id
            }

    def _of(self, number: int, kind: type[Kind]) -> list[Kind]:
        return [step for step in self._steps.get(number, []) if isinstance(step, kind)]

    def _answers(self, number: int) -> Iterator[tuple[Advice, list[Exchange]]]:
        """What a model had said in this window: its hints; or none, in the window that it was asked about."""
        hints: dict[str, list[Hint]] = {each.id: [] for each in self._unused.get(number, [])}
        for decision in self.decisions(number):
            if decision.exchange_id in self._exchanges:
                hints.setdefault(decision.exchange_id, []).append(decision.hint)
        for exchange_id, given in hints.items():
            exchange = self._exchanges[exchange_id]
            ids = frozenset(exchange.known_ids)
            yield (
                Advice(advisor=NAME, hints=given, known_ids=ids, exchange_id=exchange_id),
                [exchange],
            )
