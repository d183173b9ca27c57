"""One CEL expression of a rule: compiled, and checked to speak only of what there is."""

import difflib
import operator
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import cel

from llamas_bpf.as_json import Json
from llamas_bpf.contracts.digest import COLUMNS
from llamas_bpf.errors import ConfigError
from llamas_bpf.features import FIGURES, PASSING

#: Our additions, for reasons that a person reads.
FUNCTIONS: dict[str, Callable[[float], str]] = {
    "mib": lambda size: f"{size / (1 << 20):.0f} MiB",
    "ms": lambda ns: f"{ns / 1e6:.1f} ms",
    "percent": lambda ratio: f"{ratio * 100:.0f} %",
    "whole": lambda number: f"{number:.0f}",
}
#: What an expression can speak of.
VARIABLES = frozenset({"machine", "in_force", "workload", "workloads"})
_FUNCTIONS = {
    *("size", "contains", "startsWith", "endsWith", "matches", "min", "max"),
    *("int", "uint", "double", "string", "bytes", "type", "dyn", "duration", "timestamp"),
    *FUNCTIONS,
}
_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*"
_MACRO = re.compile(rf"(?:({_PATH})|\))\s*\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")
_MEMBER = re.compile(r"(?<![\w.\])])([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)+)(\(?)")
_DECLARED = re.compile(r"(?<=\()\s*\w+\s*,")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


#: What holds a workload's figures.
_GROUPS = "|".join(sorted({column.partition(".")[0] for column in COLUMNS}))
#: A double needs its point: CEL refuses to compare one with a whole number.
_LIMIT = r"\s*(<=|>=|<|>)\s*(\d+\.\d+)"
_COMPARISON = re.compile(rf"workload\.(\w+\.\w+){_LIMIT}", re.ASCII)
_OF_ANY = re.compile(
    rf"workloads\.exists\((\w+),\s*\1\.(\w+\.\w+)\s*!=\s*null\s*&&\s*\1\.\2{_LIMIT}\s*\)", re.ASCII
)
_KNOB = re.compile(r"'([\w.]+)'", re.ASCII)
_UNSET = re.compile(
    r"!in_force\.exists\((\w+),\s*\1\.workload == workload\.id && \1\.knob"
    r" (== '[\w.]+'|in \['[\w.]+'(?:, '[\w.]+')*\])\)",
    re.ASCII,
)
#: How many of these a workload has can be compared like a figure.
COUNTED = ("does",)
_COUNT = re.compile(rf"size\(workload\.({'|'.join(COUNTED)})\)\s*(<=|>=|<|>)\s*(\d+)", re.ASCII)
_TEXT = r"'[^'\\]*'"
_WRITTEN = rf"(?:{'|'.join(FUNCTIONS)})\(workload\.\w+\.\w+\)"
_SENTENCE = re.compile(rf"(?:{_TEXT}|{_WRITTEN})(?:\s*\+\s*(?:{_TEXT}|{_WRITTEN}))*", re.ASCII)
_PART = re.compile(rf"(?P<text>{_TEXT})|(?P<function>\w+)\(workload\.(?P<figure>\w+\.\w+)\)", re.ASCII)
#: Lists of words and numbers, which hold nothing of a workload's figures.
_LISTS = {"workload.does", "workload.device.near", "workload.nearest", "workload.pids"}
_OPERATORS: dict[str, Callable[[Any, float], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORD = re.compile(r"[A-Za-z_]\w*")


class Comparison(NamedTuple):
    """Of a figure (``sched.run_ns``), or the size of a list (``does``), with a number: many workloads can be
    compared at once."""

    figure: str
    sign: str
    limit: float

    def of(self, workload: Json) -> Any:
        """What is compared, of one; None where it is not known."""
        return _figure(workload, self.figure)

    def holds(self, values: Any) -> Any:
        """For one value, or for an array of them: False for NaN. Raises TypeError for None, as CEL cannot
        compare what is not known either."""
        return _OPERATORS[self.sign](values, self.limit)


class Sentence(NamedTuple):
    """Texts, and figures (``sched.run_ns``) with the function that writes each: texts have none."""

    parts: tuple[tuple[str, str], ...]

    def of(self, workload: Json) -> str:
        """Raises TypeError where a figure is not known, as CEL cannot write it either."""
        return "".join(
            FUNCTIONS[function](_figure(workload, of)) if function else of for function, of in self.parts
        )


class Expression:
    """``sees_all``: it looks at ``workloads``, which is costly to prepare. ``sees_one``: at ``workload``.

    ``comparison``: it is one of a figure of ``workload`` with a number, as most are; that needs no CEL. Nor
    does ``of_any``: whether such a comparison holds for any of ``workloads``; nor ``unset``: that none of
    these knobs of ``workload`` is in force; nor ``sentence``: texts and figures of ``workload`` in a row.
    ``words``: every figure of a workload, and every part of the machine, that it can look at is among them;
    None: it may look at all. ``lasts``: it looks only at what is the same of a machine in every window.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self.program = cel.compile(source)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        self.variables = VARIABLES.intersection(self.program.variables())
        self.sees_all, self.sees_one = "workloads" in self.variables, "workload" in self.variables
        self.comparison = _comparison(_COMPARISON, source) or _comparison(_COUNT, source)
        self.of_any = _comparison(_OF_ANY, source)
        self.unset = _unset(source)
        self.sentence = _sentence(source)
        self.words = None if _sees_whole(source) else frozenset(_WORD.findall(source))
        passing = self.words is None or bool(self.words & PASSING)
        self.lasts = self.variables <= {"machine"} and not passing

    def __str__(self) -> str:
        return textwrap.shorten(self.source, 100)

    def check_names(self, names: Json) -> None:
        """Raise ConfigError at the first name that means nothing; ``names`` holds sample values.

        CEL itself finds a wrong name only when it comes to evaluate it, which may be never.
        """
        source = _STRING.sub("''", self.source)
        macros = {variable: _element(domain, names) for domain, variable in _MACRO.findall(source)}
        _require(self.program.variables(), names.keys() | macros.keys())
        _require((name for name in self.program.functions() if name[0].isalpha()), _FUNCTIONS)
        for root, path, call in _MEMBER.findall(source):
            parts = path.split(".")[1:]
            _check_path((names | macros).get(root), root, parts[:-1] if call else parts)


def cel_context(variables: Json) -> cel.Context:
    """CEL's, which turns a variable into its own values when that is set, not when it is used."""
    found = cel.Context(variables)
    for name, function in FUNCTIONS.items():
        found.add_function(name, function)
    return found


def _comparison(form: re.Pattern[str], source: str) -> Comparison | None:
    if not (found := form.fullmatch(source.strip())):
        return None
    *_, figure, sign, number = found.groups()
    return Comparison(figure, sign, float(number)) if figure in (*FIGURES, *COUNTED) else None


def _unset(source: str) -> tuple[str, ...]:
    found = _UNSET.fullmatch(source.strip())
    return tuple(_KNOB.findall(found[2])) if found else ()


def _sentence(source: str) -> Sentence | None:
    if not _SENTENCE.fullmatch(source.strip()):
        return None
    found = [
        ("", part["text"][1:-1]) if part["text"] else (part["function"], part["figure"])
        for part in _PART.finditer(source)
    ]
    return Sentence(tuple(found)) if all(not function or of in FIGURES for function, of in found) else None


def _figure(workload: Json, figure: str) -> Any:
    group, _, name = figure.partition(".")
    return workload[group][name] if name else len(workload[group])


def _sees_whole(source: str) -> bool:
    """Whether a workload, or a group of its figures, or the machine, is spoken of other than to go on to one
    figure."""
    text = _STRING.sub("''", source)
    found = (variable for domain, variable in _MACRO.findall(text) if domain not in _LISTS)
    variables = "|".join(["workload", "machine", *found])
    rest = _DECLARED.sub("", text)
    return bool(
        re.search(rf"(?<![\w.])(?:{variables})\b(?!\s*\.)", rest)
        or re.search(rf"\.\s*(?:{_GROUPS})\b(?!\s*\.)", rest)
        or re.search(rf"\[\s*[\"'](?:{_GROUPS})[\"']", source)
    )


def _check_path(place: Any, where: str, parts: list[str]) -> None:
    for part in parts:
        if not isinstance(place, dict):
            return
        _require([f"{where}.{part}"], {f"{where}.{key}" for key in place})
        place, where = place[part], f"{where}.{part}"


def _require(names: Iterable[str], known: Iterable[str]) -> None:
    known = sorted(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise ConfigError(f"unknown name {name}; {hint}")


def _element(domain: str, names: Json) -> Any:
    """A sample of what a macro's variable stands for; None where the text alone does not tell."""
    try:
        elements = cel.compile(domain).execute(names)
    except Exception:  # a chained macro; or a wrong name, which is then reported as such
        return None
    return elements[0] if isinstance(elements, list) and elements else None
