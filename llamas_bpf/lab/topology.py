"""Reading vagrant/topologies/*.toml, and errors that name the mistake and the nearest right word."""

import difflib
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.parts import CpuClass, Cxl, Node, Part, Pci, Swap, Topology
from llamas_bpf.lab.places import source_root

__all__ = ["Node", "Topology", "load_topology", "names", "parse"]

_PARTS: dict[str, type[Part]] = {"nodes": Node, "swap": Swap, "cpu_classes": CpuClass, "pci": Pci, "cxl": Cxl}


def names() -> list[str]:
    """The topologies that there are."""
    return sorted(file.stem for file in (source_root() / "vagrant/topologies").glob("*.toml"))


def load_topology(name: str) -> Topology:
    """The topology that vagrant/topologies/<name>.toml describes. Raises LabError if it is none, or wrong."""
    known = names()
    if name not in known:
        raise LabError(f"there is no topology {name!r}: choose one of {', '.join(known)}")
    path = source_root() / "vagrant/topologies" / f"{name}.toml"
    return parse(path.read_text(), path)


def parse(text: str, origin: Path) -> Topology:
    """A topology from TOML. Raises LabError naming `origin` and each mistake."""
    try:
        return Topology.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{origin} is not TOML: {error}") from error
    except ValidationError as error:
        mistakes = [_mistake(detail) for detail in error.errors(include_url=False)]  # type: ignore[arg-type]
        raise LabError("\n  ".join([f"{origin} is not a topology:", *mistakes])) from error


def _mistake(detail: dict[str, Any]) -> str:
    steps = [str(step) for step in detail["loc"]]
    where = ".".join(steps) or "topology"
    if detail["type"] != "extra_forbidden":
        return f"{where}: {detail['msg'].removeprefix('Value error, ')}"
    model = _PARTS[steps[0]] if len(steps) > 1 else Topology
    nearest = difflib.get_close_matches(steps[-1], model.model_fields, n=1, cutoff=0.0)
    return f"{where}: unknown key; did you mean {nearest[0]}?"
