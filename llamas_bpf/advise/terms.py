"""What a rule's expressions can speak of: ``workload``, ``workloads``, ``machine``, ``in_force``.

Figures are CEL doubles throughout, so that ``workload.sched.cpu_ratio * 2.0`` means the same when the
ratio happens to be whole. Ids in lists (``cpus``, ``pids``, ``cpu_domains``) stay integers.
"""

from typing import Any

import cel

from llamas_bpf.advise import busiest
from llamas_bpf.advise.expression import FUNCTIONS, Expression
from llamas_bpf.contracts.action import Action
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.digest.as_json import Json
from llamas_bpf.features import machine_features, workload_features

#: Turning a workload into CEL values costs about 40 µs. So many are judged one by one (and all that ``exec``
#: started); an expression about the others sees the first so many.
JUDGED, SEEN = 200, 64


class Terms:
    """Prepared once for a situation: ``workloads`` only if an expression looks at it."""

    def __init__(self, situation: Situation) -> None:
        digest, machine = situation.digest, situation.machine
        rows = busiest.rows(digest, JUDGED)
        self.workloads: list[Json] = [_figures(workload_features(digest, machine, row)) for row in rows]
        self._names: Json = {
            "machine": _figures(machine_features(digest, machine)),
            "in_force": in_force(situation),
        }
        self._narrow = _context(self._names)
        self._wide: cel.Context | None = None

    def about(self, workload: Json) -> None:
        """From now on ``workload`` means this one."""
        self._names["workload"] = workload
        self._narrow.add_variable("workload", workload)
        if self._wide is not None:
            self._wide.add_variable("workload", workload)

    def names(self) -> Json:
        """Everything that can be spoken of now."""
        return self._names | {"workloads": self.workloads[:SEEN]}

    def value(self, expression: Expression) -> Any:
        """Raises where the expression depends on a figure that is not known."""
        if expression.sees_all and self._wide is None:
            self._wide = _context(self.names())
        return expression.program.execute(self._wide if expression.sees_all else self._narrow)


def in_force(situation: Situation) -> list[dict[str, str | None]]:
    """``{workload, knob, value}`` of every setting that was made (or would have been, in a dry run)."""
    return [
        {"workload": applied.action.workload, "knob": knob(applied.action), "value": applied.action.value}
        for applied in situation.in_force
        if applied.status != "failed"
    ]


def knob(action: Action) -> str:
    """The name by which rules and prompts know what an action sets."""
    return action.target.knob


def _context(variables: Json) -> cel.Context:
    context = cel.Context()
    context.update(variables)
    for name, function in FUNCTIONS.items():
        context.add_function(name, function)
    return context


def _figures(value: Any) -> Any:
    """The same, with the numbers of objects (not of lists) as floats."""
    if isinstance(value, dict):
        return {key: _number(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_figures(inner) for inner in value]
    return value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else _figures(value)
