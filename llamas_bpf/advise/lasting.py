"""What of a machine is the same in every window, and what expressions that look only at that give."""

from typing import Any

from llamas_bpf import features
from llamas_bpf.advise.expression import Expression, cel_context
from llamas_bpf.contracts.machine import Machine


class Lasting:
    """Of one machine, each value worked out once: most rules begin with what most machines have not."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.features = features.lasting_features(machine)
        self._context = cel_context({"machine": floats(self.features)})
        self._values: dict[str, Any] = {}

    def value(self, expression: Expression) -> Any:
        """Of one that ``lasts``. Raises where CEL does."""
        if expression.source not in self._values:
            self._values[expression.source] = expression.program.execute(self._context)
        return self._values[expression.source]


def floats(value: Any) -> Any:
    """The same, with the numbers of objects (not of lists) as floats."""
    if isinstance(value, dict):
        return {key: _number(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [floats(inner) for inner in value]
    return value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else floats(value)
