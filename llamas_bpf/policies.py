"""Finds what an operator may edit: rules, prompts, limits, device texts.

A file in ``/etc/llamas-bpf/`` (or in the configuration's ``policies``) takes the place of the packaged one
of the same name.
"""

from pathlib import Path

from llamas_bpf.config import ETC, Config

_PACKAGE = Path(__file__).parent


def packaged() -> Path:
    """The defaults: inside the package when installed, beside it in a source tree."""
    inside = _PACKAGE / "policies"
    return inside if inside.is_dir() else _PACKAGE.parent / "policies"


def find(config: Config, name: str) -> Path:
    """The file ``name`` (such as ``limits.toml``): the operator's, else the packaged one. May not exist."""
    own = (config.policies or ETC) / name
    return own if own.exists() else packaged() / name


def find_all(config: Config, folder: str, suffix: str) -> list[Path]:
    """The files of ``folder``, in name order, the operator's replacing packaged ones of the same name."""
    found: dict[str, Path] = {}
    for root in (packaged(), config.policies or ETC):
        found |= {path.name: path for path in sorted((root / folder).glob(f"*{suffix}"))}
    return [found[name] for name in sorted(found)]
