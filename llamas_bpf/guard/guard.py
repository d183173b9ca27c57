"""Every check, in order, on every action.

To add one: a file in ``checks/`` with ``ORDER`` (an int; lower is asked first) and ``check(case)``, which
gives a sentence a person understands, with its figures, or None.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence

from llamas_bpf.contracts.action import Action, Refusal, Target
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.guard import checks
from llamas_bpf.guard.case import Case, Claim
from llamas_bpf.guard.checks.scope import covers
from llamas_bpf.guard.limits import Limits
from llamas_bpf.guard.window import Window

Check = Callable[[Case], str | None]


Present = Callable[[Target], str | None]

#: Half of it is worse than none: CPUs far from the memory, promotion without its limit, lists half sorted.
_TOGETHER: tuple[frozenset[str], ...] = (
    frozenset({"cpuset.cpus", "affinity", "cpuset.mems", "pages.move"}),
    frozenset({"kernel.numa_balancing", "kernel.numa_balancing_promote_rate_limit_MBps"}),
    frozenset({"lru_prio", "lru_deprio"}),
)


class Guard:
    """What one operator allows; remembers within a window what it has already let through.

    ``present`` tells what a target holds now, None where it cannot be told; it is asked only where a check
    depends on it.
    """

    def __init__(self, limits: Limits, present: Present = lambda target: None) -> None:
        self._limits = limits
        self._present = present
        self._window: int | None = None
        self._claims: tuple[Claim, ...] = ()
        self._accepted: tuple[Action, ...] = ()

    def scope(self, digest: Digest) -> frozenset[str]:
        """The ids of the workloads that may be acted on at all."""
        return frozenset(each.id for each in digest.workloads if covers(self._limits, each))

    def check(
        self,
        actions: Sequence[Action],
        situation: Situation,
        confidence: Mapping[int, float],
        gists: Mapping[int, str] | None = None,
    ) -> tuple[list[Action], list[Refusal]]:
        """The actions that may be taken, in order, and the others with their reasons.

        ``confidence`` is each hint's own, by ``hint_id``; a hint without one counts as not sure at all.
        ``gists`` are what lessons know hints by; without one, none are known of it.
        """
        if situation.number != self._window:
            self._window, self._claims, self._accepted = situation.number, (), ()
        window = Window(situation, self._accepted)
        siblings: dict[int, list[Action]] = {}
        for action in actions:
            siblings.setdefault(action.hint_id, []).append(action)
        accepted, refusals = [], []
        for action in actions:
            sure = confidence.get(action.hint_id, 0.0)
            case = Case(
                action=action,
                situation=situation,
                limits=self._limits,
                confidence=0.0 if math.isnan(sure) else sure,
                window=window,
                gist=(gists or {}).get(action.hint_id, ""),
                present=self._present,
                claims=self._claims,
                accepted=self._accepted,
                siblings=siblings[action.hint_id],
            )
            refusal = _first_objection(case)
            if refusal:
                refusals.append(refusal)
            else:
                accepted.append(action)
                window.accept(action)
                self._claims += tuple(case.found)
                self._accepted = (*self._accepted, action)
        halves = list(_halves(accepted, refusals))
        dropped = {half.action for half in halves}
        decisions = {half.hint_id for half in halves}
        self._claims = tuple(claim for claim in self._claims if claim.decision not in decisions)
        self._accepted = tuple(one for one in self._accepted if one not in dropped)
        return [one for one in accepted if one not in dropped], [*refusals, *halves]


def _halves(accepted: Sequence[Action], refusals: Sequence[Refusal]) -> Iterator[Refusal]:
    """What was accepted, though a knob that belongs to it was refused: wholly, for that one of many processes
    was refused parts no decision."""
    kept = {(action.hint_id, action.target.knob) for action in accepted}
    refused: dict[tuple[int, str], str] = {
        (one.hint_id, one.action.target.knob): one.check for one in refusals if one.action
    }
    for action in accepted:
        decision, knob = action.hint_id, action.target.knob
        for other in sorted(set().union(*(knobs for knobs in _TOGETHER if knob in knobs))):
            check = refused.get((decision, other))
            if check and (decision, other) not in kept:
                yield Refusal(
                    hint_id=decision,
                    check="half",
                    sentence=f"the other half of this decision, {other}, was refused: {check}",
                    workload=action.workload,
                    action=action,
                )
                break


def _first_objection(case: Case) -> Refusal | None:
    for name, check in _CHECKS:
        sentence = check(case)
        if sentence:
            action = case.action
            return Refusal(
                hint_id=action.hint_id,
                check=name,
                sentence=sentence,
                workload=action.workload,
                action=action,
            )
    return None


def _discover() -> list[tuple[str, Check]]:
    names = [module.name for module in pkgutil.iter_modules(checks.__path__)]
    modules = [(name, importlib.import_module(f"{checks.__name__}.{name}")) for name in names]
    modules.sort(key=lambda pair: (pair[1].ORDER, pair[0]))
    return [(name, module.check) for name, module in modules]


_CHECKS = _discover()
