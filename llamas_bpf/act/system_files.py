"""Settings of the whole machine, in /proc/sys and /sys. Paths are written in this program, never read."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llamas_bpf.act.errors import Gone, explained, was
from llamas_bpf.contracts.action import InterleaveWeight, SystemKnob


@dataclass(frozen=True)
class SystemFile:
    """``path`` has no leading slash; ``needs`` says which kernels have it."""

    path: str
    needs: str


class SystemFiles:
    """``root`` is / but in tests. Either method may raise ActError, or Gone where there is no such file."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def read(self, target: SystemKnob | InterleaveWeight, file: SystemFile) -> str:
        """Without the final newline."""
        with _explained(target, file):
            return (self._root / file.path).read_text(encoding="ascii").rstrip("\n")

    def write(self, target: SystemKnob | InterleaveWeight, file: SystemFile, value: str) -> None:
        """In one write(2): the kernel takes each of them for a whole value."""
        with _explained(target, file):
            descriptor = os.open(self._root / file.path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
            try:
                os.write(descriptor, value.encode("ascii"))
            finally:
                os.close(descriptor)


@contextmanager
def _explained(target: SystemKnob | InterleaveWeight, file: SystemFile) -> Iterator[None]:
    try:
        with explained(target):
            yield
    except Gone as error:
        if not was(error, errno.ENOENT):
            raise
        raise Gone(f"{error}: boot a kernel with {file.needs} to have it") from error.__cause__
