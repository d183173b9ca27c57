"""One action before the guard, with all that a check may know about it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from llamas_bpf.contracts.action import Action, Target
from llamas_bpf.contracts.digest import NODE_BYTES
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.situation import Situation, Touched
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.guard.limits import Limits

_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True)
class Claim:
    """Bytes that an action accepted earlier in this window will bring to some of these nodes."""

    nodes: frozenset[int]
    amount_bytes: int


class Lately:
    """A situation's ``touched``, looked through once for all of a window's actions."""

    def __init__(self, touched: Sequence[Touched], now_ns: int) -> None:
        self.about: dict[tuple[str | None, str], list[Touched]] = {}
        self.in_a_minute = 0
        for one in touched:
            self.about.setdefault((one.workload, one.target.knob), []).append(one)
            self.in_a_minute += not one.harmed and one.at_ns > now_ns - _MINUTE_NS


@dataclass(frozen=True)
class Case:
    """``confidence`` and ``gist`` are the hint's; ``lately`` is the situation's. ``accepted`` are this
    window's actions before it, with their ``claims``; ``present`` tells what a target holds now, or None.
    """

    action: Action
    situation: Situation
    limits: Limits
    confidence: float
    lately: Lately
    gist: str = ""
    present: Callable[[Target], str | None] = lambda target: None
    claims: tuple[Claim, ...] = ()
    accepted: tuple[Action, ...] = ()
    found: list[Claim] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return self.action.target

    @property
    def machine_wide(self) -> bool:
        """Whether everybody would feel it: the target is neither a cgroup's nor a process's."""
        return getattr(self.target, "cgroup", None) is None and not hasattr(self.target, "pid")

    @property
    def knob(self) -> str:
        """What is to be written, by the name a person knows it by."""
        return self.target.knob

    def goes_on(self, action: Action) -> bool:
        """Whether it only prolongs what is in force: nothing is written for that."""
        return (action.target, action.value) in self._held

    @cached_property
    def _held(self) -> frozenset[tuple[Target, str]]:
        return frozenset((entry.action.target, entry.action.value) for entry in self.situation.in_force)

    @property
    def lessons(self) -> list[Lesson]:
        """Those about this very hint, whatever the situation was."""
        return [one for one in self.situation.lessons if self.gist and one.gist == self.gist]

    @property
    def begun(self) -> bool:
        """Whether an action of the same decision was accepted already: half a decision is no decision."""
        return any(other.hint_id == self.action.hint_id for other in self.accepted)

    def settings(self) -> Iterator[Action]:
        """What holds after this window beside the case's own target: accepted in it, or in force."""
        newer = {action.target for action in self.accepted} | {self.target}
        yield from (action for action in self.accepted if action.target != self.target)
        yield from (e.action for e in self.situation.in_force if e.action.target not in newer)

    @cached_property
    def row(self) -> int | None:
        """Which row of the digest the action is about; None for the machine, or for a workload now gone."""
        for row, workload in enumerate(self.situation.digest.workloads):
            if workload.id == self.action.workload:
                return row
        return None

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
