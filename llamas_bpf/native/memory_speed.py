"""Memory of one node, and how fast it is, as Python sees it."""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from llamas_bpf.native.probe import load_binding


class Area:
    """Memory of this process that is bound to a node and filled, until closed.

    Nothing else is changed: of the process only the threads that time it are bound to CPUs. All calls raise
    OSError; EINVAL is a node or CPU that is not there, or that this process's cpuset does not have.
    """

    def __init__(self, node: int, size_bytes: int) -> None:
        self._ffi, self._lib = load_binding()
        error = self._ffi.new("int *")
        self._area = self._lib.memory_open(node, size_bytes, error)
        if not self._area:
            _check(error[0])

    def elsewhere(self) -> int:
        """How many of its pages are not on that node, by the kernel's word."""
        return _check(self._lib.memory_elsewhere(self._area))

    def chase(self, cpu: int, span_ns: int, runs: int) -> list[float]:
        """What a load takes that waits for the one before, in ns, in each of so many runs of ``span_ns``."""
        found = self._ffi.new("double[]", runs)
        _check(self._lib.memory_chase(self._area, cpu, span_ns, found, runs))
        return list(found)

    def stream(self, cpus: Sequence[int], write: bool, span_ns: int, runs: int) -> list[float]:
        """Bytes a second that these CPUs together read, or write, in each run."""
        found = self._ffi.new("double[]", runs)
        of = self._ffi.new("int[]", list(cpus))
        _check(self._lib.memory_stream(self._area, of, len(cpus), write, span_ns, found, runs))
        return list(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lib.memory_close(self._area)


def hypervisor() -> str:
    """Whose virtual machine this is by CPUID, such as ``KVMKVMKVM`` or ``TCGTCGTCGTCG``; empty for none."""
    ffi, lib = load_binding()
    name = ffi.new("char[13]")
    lib.memory_hypervisor(name)
    text: bytes = ffi.string(name)
    return text.decode("ascii", "replace")


def _check(result: int) -> int:
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result
