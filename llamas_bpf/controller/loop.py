"""One window down the street: situation, advice, plan, guard, act, verdict, store."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from llamas_bpf import advise, collector
from llamas_bpf.act import Actuation
from llamas_bpf.advise import Advisor
from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.decision import Decision, Events, Restored
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.past import Past
from llamas_bpf.errors import LlamasError
from llamas_bpf.guard import Guard
from llamas_bpf.learn import Judge, Lessons, gist
from llamas_bpf.plan import plan
from llamas_bpf.store import Store, StoreError

#: Nobody is asked before there are so many windows: what has no before could not be judged after.
BASELINE = 5
#: Why something was taken back at the end of the window in which that was found.
HARMED = "it harmed"


class Controller:
    """Takes each window's digest and gives the report of what came of it.

    What must outlive a window is in ``Past`` and nowhere else. ``lessons`` are those of earlier runs.
    """

    def __init__(
        self,
        machine: Machine,
        advisors: Sequence[Advisor],
        guard: Guard,
        actuation: Actuation,
        store: Store,
        run: int,
        lessons: Lessons | None = None,
    ) -> None:
        self._machine = machine
        self._advisors = advisors
        self._guard = guard
        self._actuation = actuation
        self._store = store
        self._run = run
        self._judge = Judge()
        self._number = 0
        self._past = Past(lessons)
        self._seconds: dict[str, float] = {}

    def sees(self, machine: Machine) -> None:
        """The machine is not what it was, from the next window on."""
        self._machine = machine
        self._actuation.sees(machine)

    @collector.paused()
    def window(self, digest: Digest) -> WindowReport:
        """Everything that happens once a window has closed. Raises nothing that a single target caused."""
        self._number += 1
        self._seconds = {}
        self._past.windows.append(digest)
        with self._stage("reconcile"):
            restored = [*self._actuation.reconcile(), *self._actuation.expire(time.monotonic_ns())]
        with self._stage("situation"):
            situation = self._past.situation(
                self._number,
                self._machine,
                self._actuation.in_force(),
                self._guard.scope(digest),
                self._judge.on_trial,
            )
        degradations = list(digest.degradations)
        with self._stage("advise"):
            advice = self._ask(situation)
            for advisor in self._advisors:
                advisor.observe(situation)
            exchanges = [exchange for advisor in self._advisors for exchange in advisor.drain_exchanges()]
        degradations += self._stand_in(advice)
        degradations += advice.degradations if advice else ()
        try:
            with self._stage("number"):
                decisions = self._number_hints(advice)
        except StoreError as error:
            # What cannot be written down is not done.
            decisions = ()
            degradations.append(f"hints are dropped while they cannot be kept: {error}")
        refusals, applied = self._carry_out(advice, decisions, situation)
        with self._stage("learn"):
            hints: dict[int, Hint] = {decision.id: decision.hint for decision in decisions}
            judged, undone = self._undo_harm(self._judge.observe(situation, applied, hints))
        degradations += self._judge.dropped
        events = Events(decisions, tuple(refusals), tuple(applied), (*restored, *undone), tuple(judged))
        self._past.add(situation, events)
        self._past.add_answer(situation, advice, exchanges)
        report = WindowReport(
            situation=situation,
            advisor=advice.advisor if advice else None,
            decisions=events.decisions,
            exchanges=tuple(exchanges),
            refusals=events.refusals,
            applied=events.applied,
            restored=events.restored,
            outcomes=events.outcomes,
            degradations=tuple(degradations),
            model=next(filter(None, (advisor.figures() for advisor in self._advisors)), None),
            stage_seconds=self._seconds,
        )
        return self._keep(report)

    def _ask(self, situation: Situation) -> Advice | None:
        """The first advisor in the configured order that can answer now."""
        if len(self._past.windows) < BASELINE:
            return None
        return advise.answer(self._advisors, situation)

    def _stand_in(self, advice: Advice | None) -> list[str]:
        """A sentence for each advisor that should answer and does not, with why, and who does instead."""
        if len(self._past.windows) < BASELINE:
            return []
        names = [advisor.name for advisor in self._advisors]
        silent = self._advisors[: names.index(advice.advisor)] if advice else self._advisors
        instead = f"{advice.advisor} answers" if advice else "nobody else answers"
        return [f"{one.name} gives no answer ({one.why}): {instead}" for one in silent if one.why]

    def _number_hints(self, advice: Advice | None) -> tuple[Decision, ...]:
        if advice is None or not advice.hints:
            return ()
        ids = self._store.add_hints(self._number, advice.advisor, advice.hints, advice.exchange_id, self._run)
        return tuple(
            Decision(id=number, hint=hint, advisor=advice.advisor, exchange_id=advice.exchange_id)
            for number, hint in zip(ids, advice.hints, strict=True)
        )

    def _carry_out(
        self, advice: Advice | None, decisions: Sequence[Decision], situation: Situation
    ) -> tuple[list[Refusal], list[Applied]]:
        if advice is None or not decisions:
            return [], []
        with self._stage("plan"):
            actions, unplanned = plan(advice, [decision.id for decision in decisions], situation)
        with self._stage("guard"):
            confidence = {decision.id: decision.hint.confidence for decision in decisions}
            gists = {decision.id: gist(decision.hint) for decision in decisions}
            allowed, refused = self._guard.check(actions, situation, confidence, gists)
        with self._stage("act"):
            applied = self._actuation.apply(allowed)
        return [*unplanned, *refused], applied

    def _undo_harm(self, outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Restored]]:
        judged: list[Outcome] = []
        undone: list[Restored] = []
        for outcome in outcomes:
            taken_back: list[Restored] = []
            if outcome.verdict == "harmed":
                taken_back = self._actuation.undo(outcome.action_id, HARMED)
            undone += taken_back
            done = any(not entry.skipped and not entry.failed for entry in taken_back)
            judged.append(outcome.model_copy(update={"undone": done}))
        return judged, undone

    def _keep(self, report: WindowReport) -> WindowReport:
        """Store the window; a store that cannot take it is a degradation, not the end of the loop."""
        try:
            with self._stage("store"):
                self._store.record(report)
        except LlamasError as error:
            return replace(report, degradations=(*report.degradations, f"this window is not kept: {error}"))
        return report

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start
