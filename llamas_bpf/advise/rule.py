"""A rule: while conditions hold, a hint. Read from ``policies/rules/*.toml``.

Whatever can be wrong in a rule is found when it is read, by trying it on an invented situation.
"""

from collections.abc import Iterable
from itertools import takewhile
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llamas_bpf import policies
from llamas_bpf.advise.expression import Expression
from llamas_bpf.advise.model import sample
from llamas_bpf.advise.terms import Places, Terms
from llamas_bpf.config import Config, parse, read_trusted
from llamas_bpf.contracts.hint import HINT, Hint
from llamas_bpf.errors import ConfigError


class RuleText(BaseModel):
    """One ``[[rule]]`` as written.

    ``when``: all must hold; they are asked in order, so those about ``workload`` alone come first.
    ``for_windows``: in so many windows in a row. ``every_s``: not again for the same workload within.
    ``hint``: fields as they are; ``compute``: fields given by CEL expressions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    about: Literal["workload", "machine"]
    when: list[str] = Field(min_length=1)
    for_windows: int = Field(default=1, ge=1, le=3600)
    every_s: float = Field(default=60, ge=0)
    hint: dict[str, Any]
    compute: dict[str, str] = {}


class RuleFile(BaseModel):
    """One file of rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: list[RuleText] = []


class Rule:
    """A rule, compiled.

    ``shared``: its first conditions, those that are not about workloads. ``words``: the figures of a workload
    that it can look at, where its first comparisons leave it open, are among them; None: it may look at all.
    """

    def __init__(self, text: RuleText) -> None:
        self.text = text
        self._when = [_compiled("when", source) for source in text.when]
        self._compute = {name: _compiled(name, source) for name, source in text.compute.items()}
        self.shared = list(takewhile(lambda each: not each.sees_one and not each.sees_all, self._when))
        compared = [each.comparison for each in self._when[len(self.shared) :]]
        self._compared = [one for one in takewhile(lambda one: one is not None, compared) if one]
        self._rest = self._when[len(self.shared) + len(self._compared) :]
        self.words = words_of((*self.shared, *self._rest, *self._compute.values()))

    def is_ruled_out(self, terms: Terms) -> bool:
        """Whether it cannot hold in this window: a condition fails before the first about workloads."""
        try:
            return not all(terms.value(expression) is True for expression in self.shared)
        except Exception:  # what is not known is met again, and counted, when it is asked about each
            return False

    def left_open(self, terms: Terms, places: Places) -> tuple[Places, bool]:
        """Those of which its first comparisons, made for all at once, do not tell that it does not hold; and
        whether they tell it of any other, which takes a figure that is known."""
        try:
            for expression in self.shared:
                terms.value(expression)
        except Exception:  # as above
            return places, False
        told = False
        for one in self._compared:
            if not places.size:
                break
            values = terms.column(one.figure)[places]
            holds = one.holds(values)
            told = told or bool((~holds & ~np.isnan(values)).any())
            places = places[holds]
        return places, told

    def holds(self, terms: Terms) -> bool:
        """Of one that is left open. Raises where it depends on a figure that is not known."""
        return all(terms.value(expression) is True for expression in (*self.shared, *self._rest))

    def hint(self, terms: Terms, workload: str | None) -> Hint:
        """Raises where a computed field depends on what is not known, or does not fit the schema."""
        fields = self.text.hint | {name: terms.value(inner) for name, inner in self._compute.items()}
        if workload is not None and fields.get("kind") != "tune_tiering":
            fields.setdefault("workload", workload)
        return HINT.validate_python(fields)

    def check(self) -> None:
        """Try every expression and the hint; raises ConfigError."""
        terms = Terms(sample.situation())
        workload = terms.workloads([0])[0] if self.text.about == "workload" else None
        if workload:
            terms.about(workload)
        for expression in self._when:
            value = _tried("when", expression, terms)
            if not isinstance(value, bool):
                raise ConfigError(f"when: {expression}: gives {value!r}, not true or false")
        for name, expression in self._compute.items():
            _tried(name, expression, terms)
        try:
            self.hint(terms, workload["id"] if workload else None)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"][1:]) or "kind"
            raise ConfigError(f"hint: {where}: {first['msg']}") from None


def load(config: Config) -> list[Rule]:
    """All rules, in the order of their files. Raises ConfigError naming file and rule."""
    rules: dict[str, Rule] = {}
    for path in policies.find_all(config, "rules", ".toml"):
        for text in parse(read_trusted(path), RuleFile, str(path)).rule:
            if text.name in rules:
                raise ConfigError(f"{path}: rule {text.name}: there is another rule of this name")
            try:
                rules[text.name] = Rule(text)
                rules[text.name].check()
            except ConfigError as error:
                raise ConfigError(f"{path}: rule {text.name}: {error}") from None
    return list(rules.values())


def words_of(seers: Iterable[Expression | Rule]) -> frozenset[str] | None:
    """What these can look at, of a workload; None: anything."""
    found = [each.words for each in seers]
    return None if None in found else frozenset().union(*(words for words in found if words))


def _compiled(field: str, source: str) -> Expression:
    try:
        return Expression(source)
    except ConfigError as error:
        raise ConfigError(f"{field}: {error}") from None


def _tried(field: str, expression: Expression, terms: Terms) -> Any:
    try:
        expression.check_names(terms.names())
        return terms.value(expression)
    except Exception as error:
        raise ConfigError(f"{field}: {expression}: {error}") from None
