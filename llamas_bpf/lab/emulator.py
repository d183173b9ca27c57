"""QEMU of Debian trixie with every library it needs, unpacked and run from the cache.

Its own dynamic loader starts it, so that it runs whatever C library the host has. Always the same QEMU, then:
7.2, which Debian 12 has, makes kernel 6.12 panic in one boot of six under emulation.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llamas_bpf.lab import cache, packages
from llamas_bpf.lab.packages import suite

_SUITE = "trixie"
_PACKAGE = "qemu-system-x86"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LEFT_OUT = [
    "usr/bin/qemu-system-i386", "usr/bin/qemu-system-x86_64-microvm", "usr/sbin", "usr/share/doc",
    "usr/share/locale", "usr/share/man", "var",
]  # fmt: skip


@dataclass(frozen=True)
class Emulator:
    """How to start QEMU."""

    argv: tuple[str, ...]  # the machine's own options follow
    environment: dict[str, str]
    lock: Path  # held shared, it keeps this QEMU in the cache


@contextmanager
def prepared_emulator(talk: cache.Talk) -> Iterator[Emulator]:
    """QEMU from the cache. Raises LabError if it cannot be fetched."""

    def build(place: Path) -> None:
        talk(f"fetching QEMU of Debian {_SUITE}")
        with suite(_SUITE) as debian:
            debian.unpack(_PACKAGE, place, with_dependencies=True)
        for path in (place / name for name in _LEFT_OUT):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    with cache.entry("qemu", recipe(), build, talk) as place:
        loader = [str(place / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", str(place / _LIBRARIES)]
        data = ["-L", str(place / "usr/share/qemu"), "-L", str(place / "usr/share/seabios")]
        yield Emulator(
            argv=(*loader, str(place / "usr/bin/qemu-system-x86_64"), *data),
            environment={"QEMU_MODULE_DIR": str(place / _LIBRARIES / "qemu")},
            lock=cache.lock_of(place),
        )


def recipe() -> dict[str, object]:
    """What the emulator is made from."""
    return {"how": cache.code(sys.modules[__name__], packages)}
