"""Reads what ``export`` wrote, or ``record``, believing nothing in it.

A file of weeks is read a line at a time; only what was hinted and answered in one run is kept.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from llamas_bpf import from_json
from llamas_bpf.as_json import Json
from llamas_bpf.config import open_trusted
from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.errors import ConfigError

#: More than a digest of ten thousand workloads has.
MOST_LINE_BYTES = 32 << 20

_RESTORED: TypeAdapter[Restored] = TypeAdapter(Restored)


class _Line(BaseModel):
    """Other versions may tell more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Run(_Line):
    kind: Literal["run"]
    run: int
    machine: Machine


class Who(_Line):
    """A workload as it was seen when something was hinted about it."""

    id: str
    name: from_json.Text
    cgroup: from_json.Text | None = None
    pids: tuple[int, ...] = ()
    started_by_exec: bool = False


class _Seen(_Line):
    workload: Who | None = None


class Made(_Line):
    """A decision: what was hinted in a window, by whom; and what came of it, as JSON with its windows."""

    id: int
    run: int
    window: int
    advisor: str
    hint: Hint
    exchange_id: str | None = None
    seen: _Seen | None = None
    refused: list[Json] = []
    applied: list[Json] = []
    restored: list[Json] = []
    judged: list[Json] = []


@dataclass(frozen=True)
class Step:
    """What came of a decision, and in which window."""

    window: int
    what: Refusal | Applied | Restored | Outcome


@dataclass
class Recording:
    """One run of a file. ``machine`` is None where the file does not tell it. ``names`` has what ``exec`` had
    started; ``earlier`` are verdicts of the runs before."""

    path: Path
    run: int | None
    machine: Machine | None = None
    decisions: list[Made] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    names: dict[str, Who] = field(default_factory=dict)
    earlier: list[Outcome] = field(default_factory=list)
    windows: int = 0

    def digests(self) -> Iterator[tuple[int, Digest]]:
        """Each window's number and digest, read anew from the file. Raises ConfigError as ``load`` does."""
        last = 0
        for place, line in _lines(self.path):
            if not _is_digest(line) or (self.run is not None and line.get("run") != self.run):
                continue
            number = line.get("number", last + 1)
            if type(number) is not int or not last < number < 1 << 53:
                _bad(self.path, place, "windows must be numbered upwards")
            last = number
            try:
                yield number, from_json.digest(line)
            except ValueError as error:
                _bad(self.path, place, str(error))


def load(path: Path) -> Recording:
    """The last run in which a model was asked; else the last in which anything was hinted; else the last.

    Raises ConfigError, which names the line, for what neither ``export`` nor ``record`` has written.
    """
    found = Recording(path, _last_run(path))
    for place, line in _lines(path):
        try:
            _add(found, line)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            _bad(path, place, f"{'.'.join(map(str, first['loc']))[:100]}: {first['msg'][:200]}")
        except ValueError as error:
            _bad(path, place, str(error))
    return found


def steps(made: Made) -> list[Step]:
    """Raises ValueError for what is none."""
    found = []
    for texts, model in ((made.refused, Refusal), (made.applied, Applied), (made.judged, Outcome)):
        found += [Step(_window(text), model.model_validate(_without_window(text))) for text in texts]
    return found + [
        Step(_window(text), _RESTORED.validate_python(_without_window(text))) for text in made.restored
    ]


def _add(found: Recording, line: Json) -> None:
    if _is_digest(line):
        if found.run is None or line.get("run") == found.run:
            found.windows += 1
            _add_names(found, line["workloads"])
        return
    run = line.get("run")
    match line["kind"]:
        case "run" if run == found.run:
            found.machine = _Run.model_validate(line).machine
        case "exchange" if run == found.run:
            # The prompts would fill the memory, and nobody asks for them.
            names = Exchange.model_fields
            known = {key: value for key, value in line.items() if key in names} | {"prompt": []}
            found.exchanges.append(Exchange.model_validate(known))
        case "decision":
            made = Made.model_validate(line)
            if made.run == found.run:
                steps(made)  # to be found wrong here, and not later
                found.decisions.append(made)
                if made.seen and made.seen.workload:
                    found.names[made.seen.workload.id] = made.seen.workload
            elif found.run is not None and made.run < found.run:
                found.earlier += [step.what for step in steps(made) if isinstance(step.what, Outcome)]


def _add_names(found: Recording, workloads: object) -> None:
    """Of what ``exec`` had started: that is little, and known by name."""
    for each in workloads if isinstance(workloads, list) else ():
        if isinstance(each, dict) and each.get("started_by_exec") is True:
            found.names.setdefault(str(each.get("id")), Who.model_validate(each))


def _last_run(path: Path) -> int | None:
    """None for a file of digests alone."""
    counts: Counter[str] = Counter()
    last: dict[str, int] = {}
    for place, line in _lines(path):
        kind = "digest" if _is_digest(line) else line.get("kind")
        if kind not in ("run", "digest", "exchange", "decision"):
            _bad(path, place, "it is neither a digest nor a run, an exchange or a decision")
        counts[kind] += 1
        run = line.get("run")
        if run is None and kind == "digest":
            continue
        if type(run) is not int:
            _bad(path, place, "it has no number of a run")
        last[kind] = max(run, last.get(kind, 0))
    if not counts:
        raise ConfigError(f"{path} is empty: write it with llamas-bpf export --out {path}")
    return next((last[kind] for kind in ("exchange", "decision", "digest", "run") if kind in last), None)


def _is_digest(line: Json) -> bool:
    """As ``export`` writes it, or ``record``."""
    return line.get("kind", "digest") == "digest" and "window" in line and "workloads" in line


def _lines(path: Path) -> Iterator[tuple[int, Json]]:
    """Each line's number, from 1, and what it holds."""
    place = 0
    with open_trusted(path) as file:
        while True:
            try:
                text = file.readline(MOST_LINE_BYTES + 1)
            except OSError as error:
                raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
            if not text:
                return
            place += 1
            if len(text) > MOST_LINE_BYTES:
                _bad(path, place, f"it has more than {MOST_LINE_BYTES} bytes")
            try:
                found = json.loads(text, parse_constant=_no_number)
            except (ValueError, RecursionError):
                _bad(path, place, "it is no JSON" + ("" if text.endswith(b"\n") else ": it is cut short"))
            if not isinstance(found, dict):
                _bad(path, place, "it is no object of JSON")
            yield place, found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _window(text: Json) -> int:
    window = text.get("window")
    if type(window) is not int:
        raise ValueError("what came of a decision has no window")
    return window


def _without_window(text: Json) -> Json:
    return {key: value for key, value in text.items() if key != "window"}


def _bad(path: Path, place: int, why: str) -> NoReturn:
    raise ConfigError(f"{path}: line {place}: {why}; it should be what llamas-bpf export or record wrote")
