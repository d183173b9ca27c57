"""What must outlive a window, and comes down the street again with the next ``Situation``."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import Action, Applied, Refusal
from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation, Touched
from llamas_bpf.fingerprint import Buckets
from llamas_bpf.learn import Lessons

#: Windows an advisor and a verdict may look back on; and of outcomes, the last so many.
HISTORY = 32
LATELY = 16
#: Of refusals: those of the last window that had any, and of older ones.
REFUSED = 64
OLDER = 8
#: Of what a model was asked about and left alone: so many situations, for so long (on the digests' clock).
LEFT_ALONE = 256
LEFT_ALONE_S = 3600
#: Exchanges whose window is remembered: an answer may be used some windows after it has come.
ASKED = 64
#: Of what was changed, and of what did harm: enough for every action that a minute may have.
TOUCHED = 1024
HARMED = 256


class Past:
    """Bounded in every part."""

    def __init__(self, lessons: Lessons | None = None) -> None:
        self.windows: deque[Digest] = deque(maxlen=HISTORY)
        self._lessons = lessons or Lessons()
        self._refusals: list[Refusal] = []
        self._outcomes: deque[Outcome] = deque(maxlen=LATELY)
        self._touched: deque[Touched] = deque(maxlen=TOUCHED)
        # Of its own: a minute full of changes must not push out what is to rest for longer.
        self._harmed: deque[Touched] = deque(maxlen=HARMED)
        self._unjudged: dict[str, Action] = {}
        self._proven: frozenset[str] = frozenset()
        self._last = Events()
        self._asked: dict[str, Exchange] = {}
        self._left_alone: dict[Buckets, int] = {}  # until when

    def situation(
        self,
        number: int,
        machine: Machine,
        in_force: tuple[Applied, ...],
        scope: frozenset[str],
        on_trial: frozenset[str | None],
    ) -> Situation:
        """Of the window that was last added to ``windows``."""
        self._proven &= {entry.action.id for entry in in_force}
        now_ns = self.windows[-1].end_ns
        self._left_alone = {seen: end_ns for seen, end_ns in self._left_alone.items() if now_ns < end_ns}
        return Situation(
            number=number,
            recent=tuple(self.windows),
            machine=machine,
            in_force=in_force,
            scope=scope,
            refusals=tuple(self._refusals),
            outcomes=tuple(self._outcomes),
            touched=tuple(sorted((*self._touched, *self._harmed), key=lambda one: one.at_ns)),
            on_trial=on_trial,
            proven=self._proven,
            lessons=self._lessons.known(),
            last=self._last,
            left_alone=frozenset(self._left_alone),
        )

    def add(self, situation: Situation, events: Events) -> None:
        """What came of this window."""
        self._last = events
        self._refuse(events.refusals)
        self._outcomes.extend(events.outcomes)
        for outcome in events.outcomes:
            self._lessons.learn(outcome)
            # Not looked up in what is in force: a one-shot never is, and what was short-lived no more.
            action = self._unjudged.pop(outcome.action_id, None)
            if outcome.verdict == "helped":
                self._proven |= {outcome.action_id}
            elif outcome.verdict == "harmed" and action:
                at_ns = situation.digest.end_ns
                self._harmed.append(Touched(action.workload, action.target, at_ns, harmed=True))
        for entry in events.applied:
            if entry.status == "applied":
                self._touched.append(Touched(entry.action.workload, entry.action.target, entry.at_ns))
                self._unjudged[entry.action.id] = entry.action
        for forgotten in list(self._unjudged)[:-TOUCHED]:
            del self._unjudged[forgotten]

    def add_answer(self, situation: Situation, advice: Advice | None, exchanges: Iterable[Exchange]) -> None:
        """What a model answered in this window, and to whom of those it was shown it gave no hint."""
        self._asked |= {one.id: one.model_copy(update={"prompt": []}) for one in exchanges}
        for forgotten in list(self._asked)[:-ASKED]:
            del self._asked[forgotten]
        if advice is None or advice.exchange_id is None:
            return
        asked = self._asked.get(advice.exchange_id)
        if asked is not None and (asked.status != "ok" or asked.function not in ("", "give_hints")):
            return  # it may have meant to give one
        hinted = {getattr(hint, "workload", None) for hint in advice.hints if hint.kind != "leave"}
        then = self._asked_about(situation, asked)
        for workload in sorted(((situation.scope or frozenset()) & advice.known_ids) - hinted):
            if (seen := fingerprint.of(then, workload)) is not None:
                self._left_alone.pop(seen, None)
                self._left_alone[seen] = situation.digest.end_ns + LEFT_ALONE_S * 10**9
        for dropped in list(self._left_alone)[:-LEFT_ALONE]:
            del self._left_alone[dropped]

    def _asked_about(self, situation: Situation, asked: Exchange | None) -> Situation:
        """As it was in the window of the question, where that is still known; else as it is."""
        ago = situation.number - asked.window if asked else 0
        recent = situation.recent[: len(situation.recent) - ago]
        return replace(situation, recent=recent) if ago > 0 and recent else situation

    def _refuse(self, refusals: Iterable[Refusal]) -> None:
        """Said of ten processes it is one refusal; those of the last window come after a few older ones."""
        now = {(one.hint_id, one.check, one.sentence): one for one in refusals}
        if now:
            self._refusals = [*self._refusals[-OLDER:], *list(now.values())[:REFUSED]]
