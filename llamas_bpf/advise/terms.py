"""What a rule's expressions can speak of: ``workload``, ``workloads``, ``machine``, ``in_force``.

Figures are CEL doubles throughout, so that ``workload.sched.cpu_ratio * 2.0`` means the same when the
ratio happens to be whole. Ids in lists (``cpus``, ``pids``, ``cpu_domains``) stay integers.
"""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import numpy as np

from llamas_bpf.advise import busiest
from llamas_bpf.advise.expression import COUNTED, VARIABLES, Expression, cel_context
from llamas_bpf.advise.lasting import Lasting, floats
from llamas_bpf.as_json import Json
from llamas_bpf.contracts.action import Action
from llamas_bpf.contracts.digest import NODE_BYTES
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.device_features import nearest
from llamas_bpf.features import FIGURES, Column, column, in_window

#: Turning a workload into CEL values costs about 1 µs a figure. So many are judged one by one (and all that
#: ``exec`` started); an expression about the others sees the first so many.
JUDGED, SEEN = 200, 64


#: Positions among those that are judged one by one.
Places = np.ndarray[tuple[int], np.dtype[np.intp]]

#: What else there is to say of a workload.
_ABOUT: dict[str, Callable[[Workload], Any]] = {
    "name": lambda workload: workload.name,
    "cgroup": lambda workload: workload.cgroup,
    "pids": lambda workload: [process.pid for process in workload.processes],
    "started_by_exec": lambda workload: workload.started_by_exec,
    "does": lambda workload: list(workload.does),
}


class Terms:
    """Of a situation, each thing prepared once, when an expression first looks at it. ``lasting`` is of its
    machine, and is kept by those who ask window after window."""

    def __init__(self, situation: Situation, lasting: Lasting | None = None) -> None:
        self._digest, self._machine = situation.digest, situation.machine
        self._lasting = lasting or Lasting(self._machine)
        self._rows = busiest.rows(self._digest, JUDGED)
        self._table = self._digest.table[self._rows]
        self._figures: Collection[str] | None = None
        self._columns: dict[str, Column] = {}
        self._in_force = in_force(situation)
        self._set = {(each["workload"], each["knob"]) for each in self._in_force}
        self._workload: Json = {}
        self._contexts: dict[frozenset[str], _Context] = {}
        self._by_distance: dict[int | None, list[str]] = {}
        self._same_for_all: dict[str, Any] = {}  # many rules begin with the same condition

    def keep_to(self, figures: Collection[str] | None) -> None:
        """Prepare only what goes by these names from now on, of a workload and of the machine's parts; None:
        all. CEL copies a value each time that it is looked at."""
        self._figures = figures
        self._contexts.clear()

    def places(self, scope: Collection[str] | None = None, but: Collection[str | None] = ()) -> Places:
        """Of those that are judged one by one, the busiest first: those in ``scope``, ``but`` for these."""
        ids = [self._digest.workloads[row].id for row in self._rows]
        wanted = [id_ not in but and (scope is None or id_ in scope) for id_ in ids]
        return np.flatnonzero(wanted)

    def column(self, figure: str) -> Column:
        """Of all that are judged one by one; NaN where it is not known."""
        if figure not in self._columns:
            self._columns[figure] = self._column(figure)
        return self._columns[figure]

    def _column(self, figure: str) -> Column:
        if figure in COUNTED:
            sizes = [len(_ABOUT[figure](self._digest.workloads[row])) for row in self._rows]
            return np.array(sizes, dtype=np.float64)
        return column(self._digest, self._machine, self._table, figure)

    def workloads(self, places: Sequence[int]) -> list[Json]:
        """What can be said of each."""
        found: list[Json] = [{} for _ in places]
        for figure in FIGURES:
            group, _, name = figure.partition(".")
            if self._is_named(name):
                for shown, value in zip(found, self.column(figure)[places].tolist(), strict=True):
                    shown.setdefault(group, {})[name] = None if math.isnan(value) else value
        wanted = [name for name in _ABOUT if self._is_named(name)]
        for place, shown in zip(places, found, strict=True):
            workload = self._digest.workloads[self._rows[place]]
            shown["id"] = workload.id
            shown |= {name: _ABOUT[name](workload) for name in wanted}
            if self._is_named("node_bytes"):
                shown.setdefault("memory", {})["node_bytes"] = self._node_bytes(self._rows[place])
            if self._is_named("near"):
                shown.setdefault("device", {})["near"] = list(workload.near)
            if self._is_named("nearest"):
                shown["nearest"] = self._nearest(self._rows[place])
        return found

    def about(self, workload: Json) -> None:
        """From now on ``workload`` means this one."""
        self._workload = workload

    def names(self) -> Json:
        """Everything that can be spoken of now."""
        return self._named(VARIABLES)

    def _named(self, names: Iterable[str]) -> Json:
        return {name: self._meaning(name) for name in names if name != "workload" or self._workload}

    def _meaning(self, name: str) -> Any:
        match name:
            case "machine":
                return floats(_only(in_window(self._lasting.features, self._digest), self._figures))
            case "in_force":
                return self._in_force
            case "workloads":
                return self.workloads(range(len(self._rows))[:SEEN])
        return self._workload

    def value(self, expression: Expression) -> Any:
        """Raises where the expression depends on a figure that is not known."""
        if one := expression.comparison:
            return one.holds(one.of(self._workload))
        if sentence := expression.sentence:
            return sentence.of(self._workload)
        if knobs := expression.unset:
            return not any((self._workload["id"], knob) in self._set for knob in knobs)
        if expression.sees_one:
            return self._found(expression)
        if expression.lasts:
            return self._lasting.value(expression)
        if expression.source not in self._same_for_all:
            self._same_for_all[expression.source] = self._found(expression)
        return self._same_for_all[expression.source]

    def _found(self, expression: Expression) -> Any:
        if any_ := expression.of_any:
            return bool(any_.holds(self.column(any_.figure)[:SEEN]).any())
        context = self._context(expression)
        if expression.sees_one:
            context.be_about(self._workload)
        return expression.program.execute(context.cel)

    def _context(self, expression: Expression) -> "_Context":
        """With no more than it looks at, since CEL prepares all of it anew for each other workload. But one
        for all that look at ``workloads``: that is costly already once."""
        names = VARIABLES if expression.sees_all else expression.variables
        if names not in self._contexts:
            self._contexts[names] = _Context(self._named(names))
        return self._contexts[names]

    def _node_bytes(self, row: int) -> dict[str, float | None]:
        sizes = zip(self._digest.node_ids, self._digest.table[NODE_BYTES][row].tolist(), strict=True)
        return {str(node): None if math.isnan(size) else size for node, size in sizes}

    def _nearest(self, row: int) -> list[str]:
        """Nodes with memory: those with room for what it has elsewhere first, each time the nearest first."""
        cpu_node = self._digest.workloads[row].cpu_node
        if cpu_node not in self._by_distance:
            self._by_distance[cpu_node] = nearest(self._machine, cpu_node)
        has = {node: size or 0.0 for node, size in self._node_bytes(row).items()}
        free = {node: told["free_bytes"] for node, told in self._digest.machine.get("nodes", {}).items()}
        elsewhere = {node: sum(has.values()) - has.get(node, 0.0) for node in self._by_distance[cpu_node]}
        # Sorting keeps the order of those that are alike.
        order = sorted(elsewhere, key=lambda node: bool(elsewhere[node] > free.get(node, 0)))
        return [f"node{node}" for node in order]

    def _is_named(self, name: str) -> bool:
        return self._figures is None or name in self._figures


class _Context:
    """CEL's, which turns a variable into its own values when that is set, not when it is used."""

    def __init__(self, variables: Json) -> None:
        self.cel = cel_context(variables)
        self._workload = variables.get("workload")

    def be_about(self, workload: Json) -> None:
        if workload is not self._workload:
            self._workload = workload
            self.cel.add_variable("workload", workload)


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


def _only(machine: Json, names: Collection[str] | None) -> Json:
    """With only what goes by these names, of itself, its nodes, tiers, processors and devices."""
    if names is None:
        return machine
    return {
        part: [_named(each, names) for each in value] if isinstance(value, list) else _named(value, names)
        for part, value in _named(machine, names).items()
    }


def _named(value: Any, names: Collection[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: inner for name, inner in value.items() if name in names}
