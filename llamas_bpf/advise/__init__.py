"""Situation in, hints out: advisors, each in a file of its own, asked in order until one answers.

To add an advisor: a module here with ``create(config, earlier) -> Advisor``; the module's name is what the
operator writes in ``--advisor``. What reads a file (``replay:FILE``) has ``create(config, earlier, file)``.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from llamas_bpf.advise.model import endpoint
from llamas_bpf.config import Config
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.model_figures import Call, ModelFigures
from llamas_bpf.errors import ConfigError

if TYPE_CHECKING:  # it brings numpy, which the model's process has no use for
    from llamas_bpf.contracts.situation import Situation


class Accounts(Protocol):
    """What asking a model costs, kept where all see it who ask by the same state directory. Each method
    raises LlamasError where that cannot be read or written now."""

    def read(self) -> tuple[list[Call], list[Call]]:
        """Others' calls of the last day that are new, oldest first; and the most that may come of what others
        are asking now."""

    def begin(self, question: str, grant: Callable[[list[Call], list[Call]], Call | None]) -> None:
        """``grant`` is told both, and gives the most that this question may cost, which is kept until what it
        has cost is; None: it is not asked."""

    def end(self, question: str) -> None:
        """It was not asked after all."""


@dataclass(frozen=True)
class Earlier:
    """What there is of earlier runs: the state directory (None: nothing is kept), and what asking a model has
    cost (None: nothing)."""

    state: Path | None = None
    accounts: Accounts | None = None


NOTHING = Earlier()


class Advisor(Protocol):
    """A function of the situation and of its own memory: it reads no /proc and writes no /sys.

    ``why`` says in a few words why it gives no answer now, where that is worth a sentence.
    """

    name: str
    why: str

    def advise(self, situation: "Situation") -> Advice | None:
        """Hints for this window, at once. None: cannot answer now, ask the next advisor."""

    def observe(self, situation: "Situation") -> None:
        """Told of every window, after ``advise``, or instead of it where an earlier advisor has answered."""

    def idle(self) -> bool:
        """Whether nothing that it has asked is still to come."""

    def figures(self) -> ModelFigures | None:
        """What asking a model has come to; None where none is asked."""

    def drain_exchanges(self) -> list[Exchange]:
        """What was asked of a language model and has ended since the last call."""

    def close(self) -> None:
        """Give everything back, within about a second."""


def build(order: str, config: Config, earlier: Earlier = NOTHING) -> list[Advisor]:
    """The advisors of ``order`` (``llm,rules``); the default depends on whether a model is configured."""
    names = [name.strip() for name in (order or default_order(config)).split(",")]
    return [_create(name, config, earlier) for name in dict.fromkeys(names)]


def answer(advisors: Iterable[Advisor], situation: "Situation") -> Advice | None:
    """Of the first in order that can answer now."""
    return next((advice for each in advisors if (advice := each.advise(situation)) is not None), None)


def default_order(config: Config) -> str:
    """Where there is a model: what is known from experience, then the model; the rules always."""
    return "experience,llm,rules" if endpoint.configured(config) else "rules"


def announcement(advisors: list[Advisor], config: Config) -> str:
    """The sentence said at start: who answers."""
    names = [advisor.name for advisor in advisors]
    server = endpoint.configured(config)
    if "llm" in names and server:
        shown = [f"llm ({server})" if name == "llm" else name for name in names]
        return f"advisors, the first to answer wins: {', '.join(shown)}"
    if server:
        return f"the model is not asked (--advisor {','.join(names)})"
    return f"no model is configured ({endpoint.HOW}): the {', '.join(names)} advisor answers"


def _create(name: str, config: Config, earlier: Earlier) -> Advisor:
    """``replay:FILE`` is the advisor ``replay``, and what it reads."""
    name, _, file = name.partition(":")
    create = _module(name).create
    if file and "file" not in inspect.signature(create).parameters:
        raise ConfigError(f"advisor {name} reads no file: write {name}, not {name}:{file}")
    advisor: Advisor = create(config, earlier, file) if file else create(config, earlier)
    return advisor


def _module(name: str) -> ModuleType:
    """The advisor called ``name``. Others are imported only to name the valid ones in an error."""
    modules = [module.name for module in pkgutil.iter_modules(__path__)]
    if name in modules and _is_advisor(name):
        return importlib.import_module(f"{__name__}.{name}")
    valid = [module for module in modules if _is_advisor(module)]
    near = difflib.get_close_matches(name, valid, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(valid)}"
    raise ConfigError(f"unknown advisor {name!r}; {hint}")


def _is_advisor(module: str) -> bool:
    return hasattr(importlib.import_module(f"{__name__}.{module}"), "create")
