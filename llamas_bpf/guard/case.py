"""One action before the guard, with all that a check may know about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from llamas_bpf.contracts.action import Action, Target
from llamas_bpf.contracts.digest import NODE_BYTES
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.guard.limits import Limits
from llamas_bpf.guard.window import Window


@dataclass(frozen=True)
class Claim:
    """Bytes that an action accepted earlier in this window will bring to some of these nodes."""

    decision: int
    nodes: frozenset[int]
    amount_bytes: int


@dataclass(frozen=True)
class Case:
    """``confidence`` and ``gist`` are the hint's; ``window`` is the situation, looked through. ``accepted``
    are this window's actions before it, with their ``claims``; ``siblings`` are all of its decision, itself
    too; ``present`` tells what a target holds now, or None.
    """

    action: Action
    situation: Situation
    limits: Limits
    confidence: float
    window: Window
    gist: str = ""
    present: Callable[[Target], str | None] = lambda target: None
    claims: tuple[Claim, ...] = ()
    accepted: tuple[Action, ...] = ()
    siblings: Sequence[Action] = ()
    found: list[Claim] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return self.action.target

    @property
    def machine_wide(self) -> bool:
        """Whether everybody would feel it: the target is neither a cgroup's nor a process's."""
        return not hasattr(self.target, "pid") and getattr(self.target, "cgroup", None) is None

    @property
    def knob(self) -> str:
        """What is to be written, by the name a person knows it by."""
        return self.target.knob

    @cached_property
    def prolongs(self) -> bool:
        """Whether it only prolongs what is in force: nothing is written for that."""
        return self.goes_on(self.action)

    def goes_on(self, action: Action) -> bool:
        """The same of another."""
        return self.window.goes_on(action)

    @property
    def lessons(self) -> list[Lesson]:
        """Those about this very hint, in situations like this one."""
        return self.window.lessons(self.gist, self.action.workload)

    @property
    def begun(self) -> bool:
        """Whether an action of the same decision was accepted already: half a decision is no decision."""
        return any(other.hint_id == self.action.hint_id for other in self.accepted)

    def taken(self) -> list[Action]:
        """What was accepted before it for the same workload and knob: a tree's other processes."""
        workload, knob = self.action.workload, self.knob
        return [one for one in self.accepted if (one.workload, one.target.knob) == (workload, knob)]

    @cached_property
    def settings(self) -> Sequence[Action]:
        """What holds after this window beside the case's own target: accepted in it, or in force."""
        holds = self.window.in_force | self.window.accepted
        holds.pop(self.target, None)
        return list(holds.values())

    @property
    def row(self) -> int | None:
        """Which row of the digest the action is about; None for the machine, or for a workload now gone."""
        return self.window.rows.get(self.action.workload)

    @property
    def workload(self) -> Workload | None:
        return None if self.row is None else self.situation.digest.workloads[self.row]

    @property
    def who(self) -> str:
        """Whom a sentence speaks of. Only names given to ``exec`` are safe to repeat to an advisor."""
        workload = self.workload
        if workload is None:
            return self.action.workload or "this machine"
        return f"{workload.name} ({workload.id})" if workload.started_by_exec else workload.id

    def bytes_of(self, column: str) -> int | None:
        """A column of the workload's row, in bytes; None where the kernel cannot tell."""
        if self.row is None:
            return None
        return _whole(self.situation.digest.table[self.row][column])

    def node_bytes(self) -> dict[int, int] | None:
        """The workload's bytes on each node; None where any of them is unknown."""
        if self.row is None:
            return None
        digest = self.situation.digest
        sizes = [_whole(size) for size in digest.table[self.row][NODE_BYTES]]
        found = {node: size for node, size in zip(digest.node_ids, sizes, strict=True) if size is not None}
        return found if found and len(found) == len(sizes) else None


def _whole(value: np.float64) -> int | None:
    return int(value) if np.isfinite(value) and value >= 0 else None
