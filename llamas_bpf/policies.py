"""Finds what an operator may edit: rules, prompts, limits, device texts.

A file in ``/etc/llamas-bpf/`` (or in the configuration's ``policies``) takes the place of the packaged one
of the same name. Nobody but root may be able to put files there, or to take them away.
"""

from pathlib import Path

from llamas_bpf.config import ETC, Config, check_directory
from llamas_bpf.errors import ConfigError

_PACKAGE = Path(__file__).parent


def packaged() -> Path:
    """The defaults: inside the package when installed, beside it in a source tree."""
    inside = _PACKAGE / "policies"
    return inside if inside.is_dir() else _PACKAGE.parent / "policies"


def find(config: Config, name: str) -> Path:
    """The file ``name`` (such as ``limits.toml``): the operator's, else the packaged one. May not exist."""
    own = _own(config, str(Path(name).parent)) / Path(name).name
    # A link into nowhere is somebody's mistake, not the wish for the packaged file.
    return own if own.is_symlink() or own.exists() else packaged() / name


def find_all(config: Config, folder: str, suffix: str) -> list[Path]:
    """The files of ``folder``, in name order, the operator's replacing packaged ones of the same name.

    Hidden ones are none of them: editors lock and save files by these while they are written.
    """
    found: dict[str, Path] = {}
    for place in (packaged() / folder, _own(config, folder)):
        found |= {path.name: path for path in sorted(place.glob(f"[!.]*{suffix}"))}
    return [found[name] for name in sorted(found)]


def _own(config: Config, folder: str) -> Path:
    """The operator's folder, which need not exist, in a directory that must if the configuration names it."""
    root = config.policies or ETC
    if config.policies and not root.is_dir():
        raise ConfigError(f"policies: {root} is not a directory")
    for place in {root, root / folder}:
        check_directory(place)
    return root / folder
