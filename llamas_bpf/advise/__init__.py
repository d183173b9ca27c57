"""Situation in, hints out: advisors, each in a file of its own, asked in order until one answers.

To add an advisor: a module here with ``create(config) -> Advisor``; the module's name is what the
operator writes in ``--advisor``. One that reads a file (``replay:FILE``) is made by ``create(config, FILE)``.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Protocol

from llamas_bpf.advise.model import endpoint
from llamas_bpf.config import Config
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.errors import ConfigError


class Advisor(Protocol):
    """A function of the situation and of its own memory: it reads no /proc and writes no /sys."""

    name: str

    def observe(self, situation: Situation) -> None:
        """Told of every window before anybody is asked, also of those that another advisor answers."""

    def advise(self, situation: Situation) -> Advice | None:
        """Hints for this window, at once. None: cannot answer now, ask the next advisor."""

    def drain_exchanges(self) -> list[Exchange]:
        """What was asked of a language model and has ended since the last call."""

    def idle(self) -> bool:
        """Whether no question to a language model is out; takes in what has come. A replay waits for it."""

    def close(self) -> None:
        """Give everything back, within about a second."""


def build(order: str, config: Config) -> list[Advisor]:
    """The advisors of ``order`` (``llm,rules``); the default depends on whether a model is configured."""
    names = [name.strip() for name in (order or default_order(config)).split(",")]
    return [_create(name, config) for name in dict.fromkeys(names)]


def answer(advisors: Iterable[Advisor], situation: Situation) -> Advice | None:
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


def _create(name: str, config: Config) -> Advisor:
    """``replay:FILE`` is the advisor ``replay``, and what it reads."""
    name, _, file = name.partition(":")
    create = _module(name).create
    if file and "file" not in inspect.signature(create).parameters:
        raise ConfigError(f"advisor {name} reads no file: write {name}, not {name}:{file}")
    advisor: Advisor = create(config, file) if file else create(config)
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
