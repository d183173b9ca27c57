"""Where the lab finds the project and keeps what it builds."""

import os
from pathlib import Path

from llamas_bpf.lab.errors import LabError


def source_root() -> Path:
    """The project's source tree: topologies, the guest's init and the project itself come from there."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "vagrant" / "guest" / "init").is_file() or not (root / "pyproject.toml").is_file():
        raise LabError(
            f"the lab runs from a source tree, and {root} is none: clone the project, `make setup`"
        )
    return root


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/llamas-bpf`, or `~/.cache/llamas-bpf`; made if missing."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = (Path(base) if base else Path.home() / ".cache") / "llamas-bpf"
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"cannot make the cache {root}: {error.strerror}; set XDG_CACHE_HOME elsewhere"
        ) from error
    return root
