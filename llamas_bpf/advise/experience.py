"""The experience advisor: what helped in a situation is given again in one like it, without a model.

It answers only where it knows its way; else the next advisor is asked, and what comes of that is learnt.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from llamas_bpf import fingerprint
from llamas_bpf.advise import NOTHING, Earlier
from llamas_bpf.advise.model import answer
from llamas_bpf.config import Config
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.fingerprint import Buckets, Places, alike
from llamas_bpf.learn import gist
from llamas_bpf.learn.judge import BEFORE

NAME = "experience"

#: Something unfamiliar must last for so many windows: from one phase to another is no situation of its own.
_WINDOWS = 2
#: What was refused is given again after this time.
_AGAIN_S = 30
#: Checks of the guard that say "not now": what they refuse may be done later, and nobody else need be asked.
_NOT_NOW = frozenset({"cooldown", "conflict", "trial", "rate", "newcomer"})
#: A reason has so many characters at most.
_REASON = 400
_SAID_BEFORE = re.compile(r"^helped \d+ times? in a like situation \([^)]*\): ")

#: Who, and what was wanted: None is the machine.
_Case = tuple[str | None, str]


def create(config: Config, earlier: Earlier = NOTHING) -> "ExperienceAdvisor":
    """It knows nothing of its own: lessons come with each situation."""
    return ExperienceAdvisor()


@dataclass
class _Given:
    """When a hint was given last, when it may be given again, and whether it was refused for good reason."""

    at_ns: int
    again_ns: int
    refused: bool = False


class ExperienceAdvisor:
    name = NAME
    why = ""  # not knowing its way is no failure

    def __init__(self) -> None:
        self._seen: int | None = None  # the last window
        self._given: dict[_Case, _Given] = {}
        self._gists: dict[int, str] = {}  # of decisions that something in force came from
        self._settled: dict[str, Buckets] = {}  # by action that helped: what it was like when that was found
        self._unfamiliar = 0  # for how many windows in a row

    def observe(self, situation: Situation) -> None:
        """Take in, once a window, what became of the last one's hints and what has been found to help."""
        if self._seen == situation.number:
            return
        self._seen = situation.number
        last = situation.last
        self._gists |= {decision.id: gist(decision.hint) for decision in last.decisions}
        in_force = {entry.action.hint_id for entry in situation.in_force}
        recent = {decision.id for decision in last.decisions}
        self._gists = {number: text for number, text in self._gists.items() if number in in_force | recent}
        settled: dict[str, Buckets] = {}
        for entry in situation.in_force:
            action = entry.action
            if action.id in situation.proven:
                now = self._settled.get(action.id) or fingerprint.of(situation, action.workload)
                settled |= {action.id: now} if now else {}
        self._settled = settled
        self._look_at_refusals(situation)

    def advise(self, situation: Situation) -> Advice | None:
        """What helped in situations like this; None where somebody's situation is not known."""
        self.observe(situation)
        learnt = _Learnt(situation)
        hints: list[Hint] = []
        familiar = True
        scope = _in_scope(situation)
        places = fingerprint.of_many(situation, scope)
        for workload in (None, *scope):
            now = places.get(workload) if workload else fingerprint.of(situation, None)
            hint, known = self._about(workload, now, situation, learnt)
            hints += [hint] if hint else []
            familiar = familiar and (known or workload is None)
        self._unfamiliar = 0 if familiar else self._unfamiliar + 1
        if self._unfamiliar >= _WINDOWS:
            return None
        for hint in hints:
            self._note(hint, situation.digest.end_ns)
        return Advice(advisor=self.name, hints=hints, known_ids=_known_ids(situation))

    def drain_exchanges(self) -> list[Exchange]:
        """Nobody is asked."""
        return []

    def idle(self) -> bool:
        """It answers at once."""
        return True

    def figures(self) -> ModelFigures | None:
        """Nobody is asked."""
        return None

    def close(self) -> None:
        """Nothing is held."""

    def _about(
        self, workload: str | None, now: Buckets | None, situation: Situation, learnt: "_Learnt"
    ) -> tuple[Hint | None, bool]:
        """The hint for this workload, if one is due, and whether its situation is familiar."""
        if workload in situation.on_trial or now is None:
            return None, True
        if any(alike(now, then) for then in self._proven_for(workload, situation)):
            return None, True
        refused = False
        for lesson in learnt.helped(now):
            case = (workload, lesson.gist)
            if self._is_in_force(case, situation):
                return None, True
            given = self._given.get(case)
            if given is None or situation.digest.end_ns >= given.again_ns:
                steady = _is_steady(lesson, workload, situation)
                return (_hint(lesson, workload) if steady else None), True
            if not given.refused:
                return None, True
            refused = True
        return None, not refused and learnt.is_left_alone(now)

    def _proven_for(self, workload: str | None, situation: Situation) -> Iterator[Buckets]:
        for entry in situation.in_force:
            if entry.action.workload == workload and entry.action.id in self._settled:
                yield self._settled[entry.action.id]

    def _is_in_force(self, case: _Case, situation: Situation) -> bool:
        return any(
            (entry.action.workload, self._gists.get(entry.action.hint_id)) == case
            for entry in situation.in_force
        )

    def _note(self, hint: Hint, now_ns: int) -> None:
        """Once carried out it holds for its time; unless it turns out otherwise, it is not given sooner."""
        case = (getattr(hint, "workload", None), gist(hint))
        self._given[case] = _Given(now_ns, now_ns + hint.ttl_s * 10**9)

    def _look_at_refusals(self, situation: Situation) -> None:
        done = {entry.action.hint_id for entry in situation.last.applied if entry.status != "failed"}
        checks: dict[int, set[str]] = {}
        for refusal in situation.last.refusals:
            checks.setdefault(refusal.hint_id, set()).add(refusal.check)
        for decision in situation.last.decisions:
            case = (getattr(decision.hint, "workload", None), gist(decision.hint))
            given = self._given.get(case)
            if given and decision.advisor == self.name and decision.id not in done:
                given.again_ns = given.at_ns + _AGAIN_S * 10**9
                given.refused = not checks.get(decision.id, set()) & _NOT_NOW
        present = {workload.id for workload in situation.digest.workloads}
        self._given = {case: each for case, each in self._given.items() if case[0] in {None, *present}}


class _Learnt:
    """What this window's situations are compared with."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._lessons = situation.lessons
        self._places = Places(one.situation for one in self._lessons)
        self._left_alone = Places(situation.left_alone)

    def helped(self, now: Buckets) -> list[Lesson]:
        """What did in a like situation: the nearest first, of those what helped most often."""

        def worth(lesson: Lesson) -> tuple[int, int]:
            return sum(abs(a - b) for a, b in zip(now, lesson.situation, strict=True)), -lesson.helped

        like = [self._lessons[number] for number in self._places.like(now)]
        # What came of it in a situation next to this one counts as well.
        harmful = {one.gist for one in like if one.harmed and not one.proven}
        found = [one for one in like if one.proven and one.gist not in harmful]
        return sorted((one for one in found if _exists(one, self._situation)), key=worth)

    def is_left_alone(self, now: Buckets) -> bool:
        """Whether a model saw nothing to do in a like situation."""
        return bool(self._left_alone.like(now))


def _is_steady(lesson: Lesson, workload: str | None, situation: Situation) -> bool:
    """Whether it has been like this for as long as a verdict looks back, but for one odd window.

    Compared with another phase of the program, what helps could look like harm.
    """
    last = range(max(len(situation.recent) - BEFORE, 0), len(situation.recent))
    before = [replace(situation, recent=situation.recent[: end + 1]) for end in last]
    seen = [found for each in before if (found := fingerprint.of(each, workload)) is not None]
    return len(seen) - sum(alike(found, lesson.situation) for found in seen) <= 1


def _in_scope(situation: Situation) -> list[str]:
    """In the order of the digest; all that ``exec`` started where the scope is not known."""
    scope = situation.scope
    return [
        each.id
        for each in situation.digest.workloads
        if (each.started_by_exec if scope is None else each.id in scope)
    ]


def _exists(lesson: Lesson, situation: Situation) -> bool:
    """Whether all that its hint names, beside the workload, is on this machine now."""
    hint = lesson.hint
    if hint is None:
        return False
    named = answer.ids(hint) - {getattr(hint, "workload", None)}
    cpus = {cpu.id for cpu in situation.machine.cpus}
    return named <= _places(situation) and cpus.issuperset(getattr(hint, "cpus", ()))


def _places(situation: Situation) -> set[str]:
    machine = situation.machine
    return {f"node{node.id}" for node in machine.nodes} | {device.id for device in machine.devices}


def _known_ids(situation: Situation) -> frozenset[str]:
    return frozenset(_places(situation) | {each.id for each in situation.digest.workloads})


def _hint(lesson: Lesson, workload: str | None) -> Hint:
    """As it last helped, about this workload, with what speaks for it."""
    hint = lesson.hint
    assert hint is not None
    times = f"{lesson.helped} time{'s' if lesson.helped > 1 else ''}"
    because = _SAID_BEFORE.sub("", hint.reason)
    reason = f"helped {times} in a like situation ({fingerprint.in_words(lesson.situation)}): {because}"
    # Laplace's rule of succession: once is little to go by.
    confidence = (lesson.helped + 1) / (lesson.helped + lesson.harmed + lesson.doubts + 2)
    changes = {"reason": reason[:_REASON], "confidence": round(confidence, 3)}
    about = {} if workload is None else {"workload": workload}
    return hint.model_copy(update=changes | about)
