"""``limits.toml``: what an operator allows. See policies/limits.toml for what each key means."""

import difflib
import os
import pwd
import tomllib
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from llamas_bpf import policies
from llamas_bpf.config import Config, parse, read_trusted
from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.errors import ConfigError

FILE = "limits.toml"


def _absolute(text: str) -> str:
    if not text.startswith("/") or ".." in PurePosixPath(text).parts:
        raise ValueError("must be a whole path, starting with /")
    return text


def _user(name: str) -> str:
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise ValueError(f"there is no user {name!r} on this machine") from None
    return name


def _followed(path: str) -> str:
    """As /proc/PID/exe names it: with no link left, such as /bin of a merged /usr."""
    return os.path.realpath(path)


Path = Annotated[str, AfterValidator(_absolute)]
Executable = Annotated[Path, AfterValidator(_followed)]
User = Annotated[str, AfterValidator(_user)]
Number = Annotated[int | float, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Section):
    """Both ends are allowed; ``max`` may be ``inf``, which also allows the kernel's word ``max``.

    ``factor``: at most so many times, or so small a part of, what is there now. ``step``: at most so much
    more or less. What each is counted in is said by ``contracts/knobs.py``.
    """

    min: Number
    max: Number
    factor: Annotated[float, Field(gt=1)] | None = None
    step: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Scope(_Section):
    cgroups: tuple[Path, ...] = ()
    machine_wide: bool = False


class Protect(_Section):
    executables: tuple[Executable, ...] = ()
    users: tuple[User, ...] = ()
    cgroups: tuple[Path, ...] = ()


class Rates(_Section):
    actions_per_minute: int = Field(default=60, ge=0)
    cooldown_s: float = Field(default=30, ge=0)
    harmed_cooldown_s: float = Field(default=600, ge=0)
    fruitless_s: float = Field(default=86_400, ge=0)


class Capacity(_Section):
    reserve_ratio: float = Field(default=0.05, ge=0, lt=1)
    keep_ratio: float = Field(default=0.5, gt=0, le=1)
    pinned_per_cpu: int = Field(default=1, ge=1)


class Limits(_Section):
    """Everything that an action is measured against.

    ``bounds`` and ``switches`` are by knob, as ``contracts/knobs.py`` names them. A file that has such a
    section allows what it lists there and nothing else; without the section the packaged one holds. A
    cgroup's controllers are no knobs here: each comes with the knob that needs it, and goes with it.
    """

    min_confidence: float = Field(default=0.5, ge=0, le=1)
    min_ttl_s: int = Field(default=30, ge=1)
    max_ttl_s: int = Field(default=3600, ge=1)
    scope: Scope = Scope()
    protect: Protect = Protect()
    bounds: dict[str, Range] = Field(default_factory=lambda: _packaged("bounds"), validate_default=True)
    switches: dict[str, list[str]] = Field(
        default_factory=lambda: _packaged("switches"), validate_default=True
    )
    rates: Rates = Rates()
    capacity: Capacity = Capacity()

    @field_validator("bounds", "switches", mode="before")
    @classmethod
    def _names_are_knobs(cls, given: object, info: ValidationInfo) -> object:
        for name in given if isinstance(given, dict) else ():
            _check_name(str(name), str(info.field_name))
        return given

    @field_validator("switches")
    @classmethod
    def _words_are_of_the_knob(cls, given: dict[str, list[str]]) -> dict[str, list[str]]:
        for name, words in given.items():
            if unknown := set(words) - set(KNOBS[name].words):
                known = ", ".join(KNOBS[name].words)
                raise ValueError(f"{name} does not take {', '.join(sorted(unknown))}; it takes {known}")
        return given


def load_limits(config: Config) -> Limits:
    """The operator's limits, else the packaged ones; ConfigError where there are none."""
    path = policies.find(config, FILE)
    if not path.exists():
        raise ConfigError(
            f"refusing to enforce without limits.toml: {path} does not exist; copy policies/limits.toml"
            " of the source tree to /etc/llamas-bpf/limits.toml, or run without --enforce"
        )
    return parse(read_trusted(path), Limits, str(path))


#: What versions before knobs had their kernel's names called them.
_OLD = {
    "cpu_weight": "cpu.weight",
    "cpus": "cpuset.cpus",
    "memory_high_bytes": "memory.high",
    "reclaim_bytes": "memory.reclaim",
}


def _check_name(name: str, section: str) -> None:
    """ValueError with what would be right: the nearest knob, the new name, or the other section."""
    if name not in KNOBS:
        if name in _OLD:
            raise ValueError(f'{name} is now called "{_OLD[name]}" (with the quotation marks)')
        near = difflib.get_close_matches(name, KNOBS, n=1, cutoff=0.4)
        raise ValueError(f"unknown knob {name}; " + (f"did you mean {near[0]}?" if near else _known()))
    belongs = "switches" if KNOBS[name].takes == "words" else "bounds"
    if belongs != section:
        raise ValueError(f"{name} belongs in [{belongs}]")


def _known() -> str:
    return f"known knobs: {', '.join(KNOBS)}"


def _packaged(section: str) -> Any:
    """One section of the packaged file: the defaults are written there only."""
    return tomllib.loads(read_trusted(policies.packaged() / FILE))[section]
