"""One BPF object, loaded and attached, as Python sees it: the typed face of the compiled shim."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

MAX_FIELDS = 64


class Counts(NamedTuple):
    """Events since the probe was opened: all that happened, and those of them that no record tells of."""

    produced: int
    lost: int


class Field(NamedTuple):
    """A member of a C struct; offset and size in bytes."""

    name: str
    offset: int
    size: int


@dataclass
class ProbeError(Exception):
    """The kernel or libbpf refused. ``stage`` is open, load, ring or attach; ``number`` is an errno."""

    stage: str
    program: str
    number: int
    log: str

    def __str__(self) -> str:
        program = f" of {self.program}" if self.program else ""
        return f"{self.stage}{program} failed: {os.strerror(self.number)}"


def load_binding() -> tuple[Any, Any]:
    """cffi's ``ffi`` and ``lib`` of the shim. Raises ``ImportError`` where it, or libbpf, is missing."""
    import llamas_bpf.native._native as compiled

    return compiled.ffi, compiled.lib


class Probe:
    """A BPF object whose programs are attached from construction until ``close``.

    ``ring_bytes`` is a power of two and a multiple of the page size. The threads of process ``own_tgid``
    appear in no record. Raises ``ProbeError``.
    """

    def __init__(self, object_path: Path, *, own_tgid: int, ring_bytes: int) -> None:
        self._ffi, self._lib = ffi, lib = load_binding()
        error = ffi.new("struct probe_error *")
        handle = lib.probe_open(os.fsencode(object_path), own_tgid, ring_bytes, error)
        if not handle:
            raise ProbeError(
                _text(ffi, error.stage), _text(ffi, error.program), error.number, _text(ffi, error.log)
            )
        self._handle: Any = ffi.gc(handle, lib.probe_close)

    def drain(self, into: np.ndarray) -> int:
        """Moves records from the ring to the start of ``into``, at most its length; returns how many.

        ``into`` is contiguous, its dtype is the record's layout. Other threads run meanwhile.
        """
        memory = self._ffi.from_buffer(into, require_writable=True)
        count: int = self._lib.probe_drain(self._handle, memory, into.itemsize, len(into))
        if count < 0:
            raise ProbeError("drain", "", -count, "")
        return count

    def counts(self) -> Counts:
        """What happened so far. While programs are attached the two are not of one instant."""
        produced, lost = self._ffi.new("uint64_t *"), self._ffi.new("uint64_t *")
        failed: int = self._lib.probe_counts(self._handle, produced, lost)
        if failed:
            raise ProbeError("counts", "", -failed, "")
        return Counts(produced[0], lost[0])

    def detach(self) -> None:
        """Ends the flow of events; what is in the ring can still be drained."""
        self._lib.probe_detach(self._handle)

    def ring_fd(self) -> int:
        """The ring's descriptor, for epoll."""
        fd: int = self._lib.probe_ring_fd(self._handle)
        return fd

    def close(self) -> None:
        """Detaches and frees; the probe must not be used afterwards. Closing twice is harmless."""
        if self._handle is not None:
            self._ffi.release(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def object_layout(object_path: Path, struct: str) -> list[Field]:
    """The members of ``struct`` as the object's own BTF tells them. Needs no privilege."""
    ffi, lib = load_binding()
    fields = ffi.new("struct field[]", MAX_FIELDS)
    count = lib.object_layout(os.fsencode(object_path), struct.encode(), fields, MAX_FIELDS)
    if count < 0:
        raise ProbeError("layout", struct, -count, "")
    return [Field(_text(ffi, fields[i].name), fields[i].offset, fields[i].size) for i in range(count)]


def object_hooks(object_path: Path) -> list[str]:
    """The hooks an object wants, such as ``tp_btf/sched_switch``. Needs no privilege."""
    ffi, lib = load_binding()
    hooks = ffi.new("char[]", 4096)
    count = lib.object_hooks(os.fsencode(object_path), hooks, len(hooks))
    if count < 0:
        raise ProbeError("open", "", -count, "")
    return _text(ffi, hooks).split()


def _text(ffi: Any, chars: Any) -> str:
    text: str = ffi.string(chars).decode(errors="replace")
    return text
