"""Tells the controller of a workload that ``exec`` runs; ``llamas_bpf/launched.py`` reads it."""

import os
from pathlib import Path

from llamas_bpf.contracts.workload import Launched
from llamas_bpf.errors import LlamasError, MissingError
from llamas_bpf.launched import LAUNCHED, WORKLOADS, read


def path_of(name: str, directory: Path = WORKLOADS) -> Path:
    """Where a workload is registered; LlamasError if the name is in use."""
    path = directory / f"{name}.json"
    _refuse_used(path)
    return path


def register(path: Path, entry: Launched) -> None:
    """Appears whole or not at all, and never in the place of another that lives."""
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o755, exist_ok=True)
        temporary.write_bytes(LAUNCHED.dump_json(entry) + b"\n")
        temporary.chmod(0o644)
        _link(temporary, path)
    except PermissionError:
        raise MissingError(f"{path}: only root may start workloads: sudo llamas-bpf exec …") from None
    except OSError as error:
        raise LlamasError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> None:
    """link(2) fails where the name exists, so that of two at once only one gets it."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        _refuse_used(path)
        path.unlink(missing_ok=True)  # left by one that was killed
        path.hardlink_to(temporary)


def _refuse_used(path: Path) -> None:
    running = read(path)
    if running:
        raise LlamasError(
            f"the name {path.stem} is in use by process {running.root.pid}: choose another --name, or end it"
        )
