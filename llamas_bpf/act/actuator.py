"""What the funnel asks of a mechanism, and how a knob with one value answers.

To add one: a file in ``actuators/``, named like its target's ``kind``, with ``build(machine) -> Actuator``.
"""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from llamas_bpf.act import actuators
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.holds import Holds
from llamas_bpf.contracts.action import Target
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.shown import plain


@dataclass(frozen=True)
class PutBack:
    """The value that is there now by our undoing; or why the target was left as it is."""

    value: str | None
    left: str | None = None


@dataclass(frozen=True)
class Written:
    """What is there after writing; what is worth saying."""

    now: Old
    said: str = ""


#: Puts threads, with what they had, into the journal; gives a sentence if they could not be written there.
Note = Callable[[tuple[ThreadValue, ...]], str]


class Actuator(ABC):
    """A knob with one value; others override what differs. Every method may raise ActError or Gone."""

    #: Moves or gives back pages: read-back need not equal what was asked, and nothing is undone.
    one_shot = False
    #: What is in force, where undoing one depends on the others; the funnel sets it.
    held: Callable[[], Holds] = staticmethod(dict)

    def begin(self) -> None:  # noqa: B027 - most have nothing to do then
        """A new batch of actions starts."""

    @abstractmethod
    def read(self, target: Any) -> Old:
        """What is there now."""

    def needs(self, target: Any) -> Sequence[tuple[Target, str]]:
        """What has to be so before it can be written, in order: each target with its value."""
        return ()

    @abstractmethod
    def write(self, target: Any, value: str) -> tuple[ThreadValue, ...]:
        """Set it. Gives the threads it met, if it has any, with the values they had."""

    def put(self, target: Any, value: str, found: Old, note: Note) -> Written:
        """Set it, and read it back. ``found`` is what was read of it before.

        Threads that are met only now are given to ``note`` before they are changed.
        """
        self.write(target, value)
        return Written(self.read(target))

    def remark(self) -> str:
        """What is worth saying of the last write, such as what it left undone."""
        return ""

    def did_nothing(self) -> bool:
        """Whether the last write of a one-shot moved nothing at all."""
        return False

    def sees(self, machine: Machine) -> None:  # noqa: B027 - most ask the kernel each time
        """The machine is not what it was: nodes have come or gone."""

    def forget(self, target: Any) -> None:  # noqa: B027 - most remember nothing
        """It is no concern of ours any more."""

    def put_back(self, target: Any, old: Old, ours: Iterable[str]) -> PutBack:
        """Set it to what it was, unless it holds none of our values any more."""
        now = self.read(target)
        if self.is_all(target, now, old.value):
            return PutBack(old.value)
        if not self.is_ours(target, now, ours, old):
            return PutBack(None, _others(now))
        self.write(target, old.value)
        return PutBack(self.read(target).value)

    def reconcile(self, target: Any, old: Old, ours: Iterable[str], note: Note) -> str | None:
        """A sentence, if someone else has changed it. Never writes over what they wrote.

        What this adds to a hold (threads born meanwhile) is given to ``note`` before it is written.
        """
        now = self.read(target)
        if self.is_ours(target, now, ours, old):
            return None
        return _others(now)

    def is_all(self, target: Any, now: Old, value: str) -> bool:
        """Whether nothing would change by writing ``value``."""
        return now.value == value

    def is_ours(self, target: Any, now: Old, ours: Iterable[str], old: Old) -> bool:
        """Whether one of these values is still there, over what was there before them."""
        return any(self.is_all(target, now, value) for value in ours)


def _others(now: Old) -> str:
    return f"someone else has set it to {plain(now.value, 100) or 'nothing'} since: it is left at that"


def build(machine: Machine) -> dict[str, Actuator]:
    """Every actuator, by the kind of target it serves."""
    names = [module.name for module in pkgutil.iter_modules(actuators.__path__)]
    return {name: importlib.import_module(f"{actuators.__name__}.{name}").build(machine) for name in names}
