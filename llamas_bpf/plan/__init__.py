"""What a hint means on this machine, as typed targets and values.

One file per kind of hint, named like the kind, with ``def plan(hint, here) -> list[Step]``. All are pure.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Protocol

from llamas_bpf.contracts.action import Action, Refusal
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.plan.here import CannotPlan, Here, Step

_NOT_KINDS = {"here", "schemes"}


class Planner(Protocol):
    """A kind's ``plan``."""

    def __call__(self, hint: Hint, here: Here) -> list[Step]: ...


def plan(
    advice: Advice, decision_ids: Sequence[int], situation: Situation
) -> tuple[list[Action], list[Refusal]]:
    """Every hint as actions, or as one refusal; ``decision_ids`` belong to ``advice.hints``, in order."""
    here = Here(situation, advice.known_ids)
    actions: list[Action] = []
    refusals: list[Refusal] = []
    for hint, decision in zip(advice.hints, decision_ids, strict=True):
        workload = getattr(hint, "workload", None)
        try:
            steps = _steps(hint, here)
        except CannotPlan as error:
            refusals.append(
                Refusal(hint_id=decision, check=error.check, sentence=str(error), workload=workload)
            )
            continue
        actions += [
            Action(
                id=f"{decision}.{number}",
                hint_id=decision,
                workload=workload,
                target=step.target,
                value=step.value,
                ttl_s=hint.ttl_s,
            )
            for number, step in enumerate(steps, start=1)
        ]
    return actions, refusals


def _steps(hint: Hint, here: Here) -> list[Step]:
    if hint.kind not in _PLANNERS:
        raise CannotPlan(f"nothing here knows what {hint.kind} means on a machine")
    return _PLANNERS[hint.kind](hint, here)


def _discover() -> dict[str, Planner]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_KINDS]
    return {name: importlib.import_module(f"{__name__}.{name}").plan for name in names}


_PLANNERS = _discover()
