"""One BPF object, loaded and attached, as Python sees it: the typed face of the compiled shim."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

MAX_FIELDS = 64


class Totals(NamedTuple):
    """What a probe has seen since it was opened, summed over CPUs.

    ``seen`` events chose the sampling from; ``unattributed`` were counted for no workload; ``produced``
    records were made, and ``lost`` of these found no room: produced = delivered + lost.
    """

    seen: int
    unattributed: int
    produced: int
    lost: int


class Options(NamedTuple):
    """Given before an object is loaded.

    The threads of process ``own_tgid`` appear in nothing; nor do its children, if ``own_children``.
    ``by_cgroup`` says what a workload is: a cgroup, or a process. ``node_of_cpu`` holds NUMA nodes, shape
    (cpus,). ``ring_bytes`` is a power of two and a multiple of the page size. Counts of at most ``workloads``
    are kept.
    """

    own_tgid: int
    by_cgroup: bool
    node_of_cpu: np.ndarray
    ring_bytes: int
    workloads: int
    own_children: bool = False


class Maps(NamedTuple):
    """Descriptors of the maps of an object that something else loaded; -1 where it has none."""

    ring: int = -1
    ring_counts: int = -1
    counts: int = -1
    sampling: int = -1
    stays: int = -1


class Programs(NamedTuple):
    """Of its programs: what counts the stays that are going on, and up to 4 that leave records."""

    window_end: int = -1
    recording: tuple[int, ...] = ()


NO_PROGRAMS = Programs()


class Owner(Protocol):
    """Who loaded an object that a probe reads. ``lacks`` says what it cannot tell that libbpf's could."""

    hooks: tuple[str, ...]
    lacks: str

    def detach(self) -> None: ...
    def close(self) -> None: ...


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
    """A BPF object whose programs are attached from ``open`` until ``close``."""

    def __init__(self, handle: Any, ffi: Any, lib: Any, owner: Owner | None = None) -> None:
        self._ffi, self._lib, self.owner = ffi, lib, owner
        self._handle: Any = ffi.gc(handle, lib.probe_close)

    @classmethod
    def open(cls, object_path: Path, options: Options) -> "Probe":
        """Loads and attaches. Raises ``ProbeError``."""
        ffi, lib = load_binding()
        error = ffi.new("struct probe_error *")
        nodes = np.ascontiguousarray(options.node_of_cpu, np.uint16)
        given = ffi.new(
            "struct probe_options *",
            {
                "own_tgid": options.own_tgid,
                "own_children": options.own_children,
                "by_cgroup": options.by_cgroup,
                "node_of_cpu": ffi.from_buffer("uint16_t[]", nodes),
                "cpus": len(nodes),
                "ring_bytes": options.ring_bytes,
                "workloads": options.workloads,
            },
        )
        return cls(_checked(ffi, lib.probe_open(os.fsencode(object_path), given, error), error), ffi, lib)

    @classmethod
    def adopt(cls, maps: Maps, owner: Owner, programs: Programs = NO_PROGRAMS) -> "Probe":
        """Reads what another loader has. ``owner`` is detached and closed with it. Raises ``ProbeError``."""
        ffi, lib = load_binding()
        error = ffi.new("struct probe_error *")
        read = ffi.new("struct probe_maps *", maps._asdict())
        recording = [*programs.recording, *[-1] * (4 - len(programs.recording))]
        run = ffi.new("struct probe_programs *", {"window_end": programs.window_end, "recording": recording})
        return cls(_checked(ffi, lib.probe_adopt(read, run, error), error), ffi, lib, owner)

    def drain(self, into: np.ndarray) -> int:
        """Moves records from the ring to the start of ``into``, at most its length; returns how many.

        ``into`` is contiguous, its dtype is the record's layout. Other threads run meanwhile.
        """
        memory = self._ffi.from_buffer(into, require_writable=True)
        return self._check("drain", self._lib.probe_drain(self._handle, memory, into.itemsize, len(into)))

    def totals(self) -> Totals:
        """What was seen so far. While programs are attached the figures are not of one instant."""
        totals = self._ffi.new("struct probe_totals *")
        self._check("totals", self._lib.probe_totals(self._handle, totals))
        return Totals(totals.seen, totals.unattributed, totals.produced, totals.lost)

    def sample(self, period: int) -> None:
        """From now on one event in ``period``, a power of two, leaves a record."""
        self._check("sample", self._lib.probe_sample(self._handle, period))

    def end_window(self) -> None:
        """Counts what is going on, such as a task that never leaves its CPU, up to now."""
        self._check("end of window", self._lib.probe_end_window(self._handle))

    def counts(self, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        """Workloads, shape (n,), and their counts so far, shape (n,) of ``dtype``; in no order."""
        words, room = dtype.itemsize // 8, 256
        while True:
            workloads, counts = np.empty(room, np.uint64), np.empty(room, dtype)
            found = self._lib.probe_counts(
                self._handle, self._words(workloads), self._words(counts), words, room
            )
            number = self._check("counts", found)
            if number <= room:
                return workloads[:number], counts[:number]
            room = number + number // 4

    def forget(self, workloads: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        """Drops the counts of these workloads.

        Gives what they were in the end, shape (n,) of ``dtype``, and of which that is so, shape (n,) of bool:
        the kernel may refuse for the moment.
        """
        keys, counts = np.ascontiguousarray(workloads, np.uint64), np.zeros(len(workloads), dtype)
        forgotten = np.zeros(len(workloads), np.uint8)
        failed = self._lib.probe_forget(
            self._handle,
            self._words(keys),
            self._words(counts),
            self._ffi.from_buffer("uint8_t[]", forgotten, require_writable=True),
            dtype.itemsize // 8,
            len(keys),
        )
        self._check("forget", failed)
        return counts, forgotten.astype(bool)

    def detach(self) -> None:
        """Ends the flow of events; what is in the ring can still be drained."""
        self._lib.probe_detach(self._handle)
        if self.owner:
            self.owner.detach()

    def ring_fd(self) -> int:
        """The ring's descriptor, for epoll."""
        fd: int = self._lib.probe_ring_fd(self._handle)
        return fd

    def close(self) -> None:
        """Detaches and frees; the probe must not be used afterwards. Closing twice is harmless."""
        if self._handle is not None:
            self._ffi.release(self._handle)
            self._handle = None
            if self.owner:
                self.owner.close()

    def _check(self, stage: str, result: int) -> int:
        if result < 0:
            raise ProbeError(stage, "", -result, "")
        return result

    def _words(self, array: np.ndarray) -> Any:
        return self._ffi.from_buffer("uint64_t[]", array, require_writable=True)

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


def kernel_enum(name: str) -> dict[str, int]:
    """The constants of an enum of the running kernel; empty where it has none of that name."""
    ffi, lib = load_binding()
    constants = ffi.new("char[]", 4096)
    if lib.kernel_enum(name.encode(), constants, len(constants)) < 0:
        return {}
    pairs = (line.split("=") for line in _text(ffi, constants).splitlines())
    return {constant: int(number) for constant, number in pairs}


def _checked(ffi: Any, handle: Any, error: Any) -> Any:
    if not handle:
        raise ProbeError(
            _text(ffi, error.stage), _text(ffi, error.program), error.number, _text(ffi, error.log)
        )
    return handle


def _text(ffi: Any, chars: Any) -> str:
    text: str = ffi.string(chars).decode(errors="replace")
    return text
