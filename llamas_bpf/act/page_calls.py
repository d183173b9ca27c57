"""The system calls that move and give back pages of another process, of which the C library has no names."""

import ctypes
import errno
import os
import platform
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Addresses = NDArray[np.uint64]
#: A node, or a negative errno, for each page.
Statuses = NDArray[np.int32]

# include/uapi/asm-generic/mman-common.h, since 5.4; for other processes since 5.10
MADV_COLD = 20
MADV_PAGEOUT = 21
#: Only pages that nobody else maps (include/uapi/linux/mempolicy.h).
_MPOL_MF_MOVE = 2

# arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
_MOVE_PAGES = {"x86_64": 279, "aarch64": 239, "riscv64": 239}
_PROCESS_MADVISE = {"x86_64": 440, "aarch64": 440, "riscv64": 440}

_LIBC = ctypes.CDLL(None, use_errno=True)


def where(pid: int, addresses: Addresses) -> Statuses:
    """The node of each page, or ``-ENOENT`` where there is none (move_pages(2) without nodes)."""
    return _move_pages(pid, addresses, None)


def move(pid: int, addresses: Addresses, node: int) -> Statuses:
    """Move these pages to a node; where each is then. A page that others map too stays, as ``-EACCES``.

    Raises OSError: EACCES for a node that the process's cpuset does not have, ENODEV for one without memory.
    """
    return _move_pages(pid, addresses, node)


def advise(pidfd: int, ranges: Sequence[tuple[int, int]], advice: int) -> int:
    """Give advice on at most 1024 ranges (start, end) of a process (process_madvise(2)); on how many bytes.

    Raises OSError: EINVAL for locked or huge pages, ESRCH when it has ended, ENOSYS before kernel 5.10.
    """
    vector = np.array([(start, end - start) for start, end in ranges], dtype=np.uint64)
    return _call(_PROCESS_MADVISE, pidfd, _at(vector), len(vector), advice, 0)


def _move_pages(pid: int, addresses: Addresses, node: int | None) -> Statuses:
    # What the kernel does not come to keeps this.
    statuses = np.full(len(addresses), -errno.EBUSY, dtype=np.int32)
    nodes = None if node is None else np.full(len(addresses), node, dtype=np.int32)
    _call(_MOVE_PAGES, pid, len(addresses), _at(addresses), _at(nodes), _at(statuses), _MPOL_MF_MOVE)
    return statuses


def _at(array: np.ndarray | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if array is None else array.ctypes.data)


def _call(numbers: dict[str, int], *words: int | ctypes.c_void_p) -> int:
    number = numbers.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    wide = [ctypes.c_ulong(word) if isinstance(word, int) else word for word in words]
    result = int(_LIBC.syscall(ctypes.c_long(number), *wide))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
