"""``limits.toml``: what an operator allows. See policies/limits.toml for what each key means."""

import pwd
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from llamas_bpf import policies
from llamas_bpf.config import Config, parse, read_trusted
from llamas_bpf.errors import ConfigError


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


Path = Annotated[str, AfterValidator(_absolute)]
User = Annotated[str, AfterValidator(_user)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Section):
    """Both ends are allowed."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Scope(_Section):
    cgroups: tuple[Path, ...] = ()
    machine_wide: bool = False


class Protect(_Section):
    executables: tuple[Path, ...] = ()
    users: tuple[User, ...] = ()
    cgroups: tuple[Path, ...] = ()


class Bounds(_Section):
    cpu_weight: Range = Range(min=10, max=1000)
    cpus: Range = Range(min=1, max=8192)
    memory_high_bytes: Range = Range(min=16 << 20, max=64 << 40)
    reclaim_bytes: Range = Range(min=4096, max=1 << 30)


class Capacity(_Section):
    reserve_ratio: float = Field(default=0.05, ge=0, lt=1)
    keep_ratio: float = Field(default=0.5, gt=0, le=1)


class Limits(_Section):
    """Everything that an action is measured against."""

    min_confidence: float = Field(default=0.5, ge=0, le=1)
    max_ttl_s: int = Field(default=3600, ge=1)
    scope: Scope = Scope()
    protect: Protect = Protect()
    bounds: Bounds = Bounds()
    capacity: Capacity = Capacity()


def load_limits(config: Config) -> Limits:
    """The operator's limits, else the packaged ones; ConfigError where there are none."""
    path = policies.find(config, "limits.toml")
    if not path.exists():
        raise ConfigError(
            f"refusing to enforce without limits.toml: {path} does not exist; copy policies/limits.toml"
            " of the source tree to /etc/llamas-bpf/limits.toml, or run without --enforce"
        )
    return parse(read_trusted(path), Limits, str(path))
