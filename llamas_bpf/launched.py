"""Which workloads ``llamas-bpf exec`` has started: one JSON file each, in ``/run/llamas-bpf/workloads``."""

import os
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from llamas_bpf import process_stat
from llamas_bpf.config import RUN, check_owner
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine import boot_id

WORKLOADS = RUN / "workloads"
LAUNCHED: TypeAdapter[Launched] = TypeAdapter(Launched)


def launched(directory: Path = WORKLOADS) -> list[Launched]:
    """The living ones, by name. A file that root did not write, or that is not true, is passed over."""
    try:
        paths = sorted(directory.glob("*.json"))
    except OSError:
        return []
    return [entry for path in paths if (entry := read(path))]


def read(path: Path) -> Launched | None:
    """One registration; None if it is not one, or its process has ended."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            check_owner(path, os.fstat(file))
            entry = LAUNCHED.validate_json(opened.read())
    except (OSError, ConfigError, ValidationError):
        return None
    return entry if entry.name == path.stem and is_alive(entry) else None


def is_alive(entry: Launched) -> bool:
    """Whether the process that was registered is still that process, in this boot."""
    stat = process_stat.read(entry.root.pid)
    return entry.boot_id == boot_id() and stat is not None and stat.start_ticks == entry.root.start_ticks
