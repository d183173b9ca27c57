"""This machine as it is now: CPUs, nodes and devices come and go, and so do swap, texts and measurements."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from llamas_bpf import machine, policies
from llamas_bpf.config import Config
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.errors import ConfigError, LlamasError
from llamas_bpf.machine import measurements, profiles

ROOT = Path("/")

#: What tells, in a fraction of a millisecond, that something is not as it was.
_FILES = ("system/cpu/online", "system/node/online", "system/node/has_memory")
_LISTS = "virtual/memory_tiering/memory_tier*/nodelist"
#: A node that grows or shrinks by less is as it was: a guest is given memory by and by, and may lose it.
_RESIZED = 1 / 8


class Watched:
    """``machine`` is read again by ``look`` once it is not as it was."""

    def __init__(self, config: Config, state: Path) -> None:
        self._config = config
        self._state = state
        self._seen, self._sizes = signature(state, self._texts()), sizes()
        self.machine = machine.read(config, state)

    def look(self) -> Machine:
        """As it is now. What cannot be read, as in the middle of a change, stays as it was until it can."""
        now, now_sizes = signature(self._state, self._texts()), sizes()
        if now != self._seen or resized(self._sizes, now_sizes):
            with suppress(LlamasError, OSError, ValueError):
                self.machine = machine.read(self._config, self._state)
                self._seen, self._sizes = now, now_sizes
        return self.machine

    def _texts(self) -> list[Path]:
        """None while their directory cannot be trusted: nor is the machine read again then."""
        try:
            return policies.find_all(self._config, "devices", ".md")
        except ConfigError:
            return []


def signature(state: Path, texts: Iterable[Path], root: Path = ROOT) -> tuple[object, ...]:
    """Of all but sizes: differs, if what it is of differs."""
    return tuple(_parts(state, texts, root))


def _parts(state: Path, texts: Iterable[Path], root: Path) -> Iterator[object]:
    devices = root / "sys/devices"
    for path in (*(devices / name for name in _FILES), *sorted(devices.glob(_LISTS))):
        yield _text(path)
    # Without how much of it is used.
    yield [line.split()[:3] for line in _text(root / "proc/swaps").splitlines()]
    yield sorted(path.name for path in (root / "sys/bus/pci/devices").glob("*"))
    for path in (*texts, state / profiles.FOLDER, state / measurements.NAME):
        yield path, _changed_ns(path)


def sizes(root: Path = ROOT) -> dict[str, int]:
    """Each node's memory, in KiB."""
    texts = {
        path.parent.name: _text(path) for path in (root / "sys/devices/system/node").glob("node*/meminfo")
    }
    found = {node: re.search(r"MemTotal: *(\d+)", text) for node, text in texts.items()}
    return {node: int(total[1]) for node, total in found.items() if total}


def resized(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Whether a node is by far not as large as it was."""
    nodes = before.keys() | now.keys()
    return any(abs(now.get(n, 0) - before.get(n, 0)) > before.get(n, 0) * _RESIZED for n in nodes)


def _changed_ns(path: Path) -> int | None:
    """Also when it was given to another owner, or another file took its name."""
    try:
        return path.stat().st_ctime_ns
    except OSError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
