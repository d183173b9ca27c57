"""What must outlive a window, and comes down the street again with the next ``Situation``."""

from collections import deque
from collections.abc import Iterable, Sequence

from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.contracts.situation import Situation, Touched
from llamas_bpf.learn import Lessons

#: Windows an advisor and a verdict may look back on; and of refusals and outcomes, the last so many.
HISTORY = 32
LATELY = 16
#: Of what was changed: enough for an hour's harm and for every action that a minute may have.
TOUCHED = 1024


class Past:
    """Bounded in every part."""

    def __init__(self, lessons: Lessons | None = None) -> None:
        self.windows: deque[Digest] = deque(maxlen=HISTORY)
        self._lessons = lessons or Lessons()
        self._refusals: deque[Refusal] = deque(maxlen=LATELY)
        self._outcomes: deque[Outcome] = deque(maxlen=LATELY)
        self._touched: deque[Touched] = deque(maxlen=TOUCHED)
        self._proven: frozenset[str] = frozenset()

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
        return Situation(
            number=number,
            recent=tuple(self.windows),
            machine=machine,
            in_force=in_force,
            scope=scope,
            refusals=tuple(self._refusals),
            outcomes=tuple(self._outcomes),
            touched=tuple(self._touched),
            on_trial=on_trial,
            proven=self._proven,
            lessons=self._lessons.known(),
        )

    def add(
        self,
        situation: Situation,
        refusals: Iterable[Refusal],
        applied: Iterable[Applied],
        outcomes: Sequence[Outcome],
    ) -> None:
        """What came of this window."""
        self._refusals.extend(refusals)
        self._outcomes.extend(outcomes)
        actions = {entry.action.id: entry.action for entry in situation.in_force}
        for outcome in outcomes:
            self._lessons.learn(outcome)
            if outcome.verdict == "helped":
                self._proven |= {outcome.action_id}
            elif outcome.verdict == "harmed" and (action := actions.get(outcome.action_id)):
                at_ns = situation.digest.end_ns
                self._touched.append(Touched(action.workload, action.target, at_ns, harmed=True))
        for entry in applied:
            if entry.status == "applied":
                self._touched.append(Touched(entry.action.workload, entry.action.target, entry.at_ns))
