"""This machine as it is now: CPUs, nodes and devices come and go, and so do swap, texts and measurements."""

import math
from collections.abc import Iterator
from pathlib import Path

from llamas_bpf import machine
from llamas_bpf.config import Config
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.errors import LlamasError
from llamas_bpf.machine import measurements, profiles

ROOT = Path("/")

#: What tells, in a fraction of a millisecond, that something is not as it was.
_FILES = ("system/cpu/online", "system/node/online", "system/node/has_memory")
_LISTS = "virtual/memory_tiering/memory_tier*/nodelist"
#: A node's size counts in steps of this many to a doubling: a guest is given memory by and by.
_STEPS = 8


class Watched:
    """``machine`` is read again by ``look`` once it is not as it was."""

    def __init__(self, config: Config, state: Path) -> None:
        self._config = config
        self._state = state
        self._seen = signature(state)
        self.machine = machine.read(config, state)

    def look(self) -> Machine:
        """As it is now. What cannot be read, as in the middle of a change, stays as it was until it can."""
        now = signature(self._state)
        if now != self._seen:
            try:
                self.machine = machine.read(self._config, self._state)
                self._seen = now
            except (LlamasError, OSError, ValueError):
                return self.machine
        return self.machine


def signature(state: Path, root: Path = ROOT) -> tuple[object, ...]:
    """Differs, if what it is of differs."""
    return tuple(_parts(state, root))


def _parts(state: Path, root: Path) -> Iterator[object]:
    devices = root / "sys/devices"
    for path in (*(devices / name for name in _FILES), *sorted(devices.glob(_LISTS))):
        yield _text(path)
    for path in sorted(devices.glob("system/node/node[0-9]*/meminfo")):
        yield _size(_text(path))
    # Without how much of it is used.
    yield [line.split()[:3] for line in _text(root / "proc/swaps").splitlines()]
    yield sorted(path.name for path in (root / "sys/bus/pci/devices").glob("*"))
    for path in (state / profiles.FOLDER, state / measurements.NAME):
        yield _changed_ns(path)


def _size(meminfo: str) -> int:
    kib = next((int(line.split()[3]) for line in meminfo.splitlines() if "MemTotal" in line), 0)
    return round(math.log2(kib) * _STEPS) if kib else 0


def _changed_ns(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
