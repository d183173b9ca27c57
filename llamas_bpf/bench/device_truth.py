"""Device texts, and what a careful engineer would take from them (``device_texts/README.md``)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

from llamas_bpf.config import open_plain, parse
from llamas_bpf.contracts.profile import FIGURES, CpuClass, Kind, Threshold, Trait
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine.texts.text import MOST_BYTES

PACKAGED = Path(__file__).parent / "device_texts"

_T = TypeVar("_T")


class Truth(BaseModel):
    """``NAME.toml``. A list where a profile has one value: any of these is right."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Kind | list[Kind] | None = None
    read_latency_ns: float | list[float] | None = None
    write_latency_ns: float | list[float] | None = None
    read_bandwidth_bytes_per_s: float | list[float] | None = None
    write_bandwidth_bytes_per_s: float | list[float] | None = None
    capacity_bytes: float | list[float] | None = None
    granularity_bytes: float | list[float] | None = None
    persistent: bool | None = None
    endurance: str | None = None
    cost: str | None = None
    power: str | None = None
    good_at: list[Trait] = []
    bad_at: list[Trait] = []
    cpu_classes: list[CpuClass] = []
    thresholds: list[Threshold] = []
    absent: list[str] = []
    maybe: list[str] = []

    @field_validator("absent", "maybe")
    @classmethod
    def _are_features(cls, names: list[str]) -> list[str]:
        for name in names:
            if name.partition(".")[0] not in cls.model_fields:
                raise ValueError(f"{name} is no feature: they are {', '.join(cls.model_fields)}")
        return names

    def stated(self, field: str) -> list[float]:
        """The values that are right for a figure; none where the text states none."""
        return _listed(getattr(self, field))

    def kinds(self) -> list[Kind]:
        return _listed(self.kind)

    def left_out(self) -> list[str]:
        """What a profile must not have: what ``absent`` names, and every figure that is not stated."""
        unstated = (figure for figure in FIGURES if not self.stated(figure) and figure not in self.maybe)
        return [*dict.fromkeys([*self.absent, *unstated])]


@dataclass(frozen=True)
class Case:
    """A text as it lies on disk, and its truth. ``split``: the folder it is in."""

    name: str
    split: str
    raw: bytes
    truth: Truth


def load(root: Path) -> list[Case]:
    """Every ``NAME.md`` in ``root`` and its folders that has a ``NAME.toml`` beside it.

    Raises ConfigError where there is none, and where a truth cannot be read.
    """
    try:
        truths = sorted(root.rglob("*.toml"))
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    cases = [
        Case(path.stem, path.parent.name, _read(path.with_suffix(".md")), _truth(path)) for path in truths
    ]
    if not cases:
        raise ConfigError(f"{root}: there is no NAME.md with a NAME.toml beside it that says what is in it")
    return cases


def _read(path: Path) -> bytes:
    """As much of it as a text may have, and a byte more."""
    try:
        with open_plain(path) as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _truth(path: Path) -> Truth:
    try:
        return parse(_read(path).decode(), Truth, str(path))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: save it as UTF-8") from None


def _listed(value: _T | list[_T] | None) -> list[_T]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
