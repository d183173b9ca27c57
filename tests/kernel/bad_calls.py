"""System calls that any user may make, and that only an intruder would: each does something where it may."""

import ctypes
import mmap
import os
import platform
import signal
import socket
import struct
from collections.abc import Callable

_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {
    "x86_64": {"clone": 56, "perf_event_open": 298, "userfaultfd": 323, "add_key": 248},
    "aarch64": {"clone": 220, "perf_event_open": 241, "userfaultfd": 282, "add_key": 217},
}[platform.machine()]
_IO_URING_SETUP, _CLONE3 = 425, 435
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_ENOSYS = 38


def _libc(name: str, *arguments: object) -> int:
    result = int(getattr(_LIBC, name)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def _call(number: int, *arguments: object) -> int:
    whole = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _libc("syscall", ctypes.c_long(number), *whole)


def _in_a_child(work: Callable[[], object]) -> None:
    """What changes the process for good, or may end it."""
    if not (child := os.fork()):
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise OSError


def _cloned(namespace: int) -> None:
    child = _call(_NUMBERS["clone"], namespace | signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _cloned_by_what_no_filter_sees() -> None:
    """Whatever else is wrong with it: libc must be told that there is no such call."""
    try:
        _call(_CLONE3, 0, 0)
    except OSError as error:
        if error.errno == _ENOSYS:
            raise


def _watch_itself() -> None:
    """The clock of its CPU time (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK), without the kernel's."""
    exclude_kernel = 1 << 5
    about = struct.pack("=IIQQQQQ", 1, 112, 1, 0, 0, 0, exclude_kernel).ljust(112, b"\0")
    os.close(_call(_NUMBERS["perf_event_open"], about, 0, -1, -1, 0))


def _read_memory() -> None:
    class Area(ctypes.Structure):
        _fields_ = [("start", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]

    areas = [Area(ctypes.addressof(buffer), 8) for buffer in map(ctypes.create_string_buffer, (8, 8))]
    _libc("process_vm_readv", os.getpid(), *(ctypes.byref(areas[0]), 1, ctypes.byref(areas[1]), 1, 0))


def _call_of_32_bits() -> None:
    """getpid(2) as i386 has it: other numbers, other arguments."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov $20, %eax; int $0x80; ret
    getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    if getpid() != os.getpid():
        raise OSError


#: What each would have come to.
CALLS: dict[str, Callable[[], object]] = {
    "have a user namespace": lambda: _in_a_child(lambda: _libc("unshare", _NEW_USER)),
    "start somebody in one": lambda: _cloned(_NEW_USER),
    "start somebody in one with a network": lambda: _cloned(_NEW_USER | _NEW_NET),
    "start somebody unseen by a filter": _cloned_by_what_no_filter_sees,
    "be traced": lambda: _in_a_child(lambda: _libc("ptrace", 0, 0, None, None)),
    "read a process's memory": _read_memory,
    "watch the kernel's events": _watch_itself,
    "have asynchronous work done": lambda: os.close(
        _call(_IO_URING_SETUP, 1, ctypes.create_string_buffer(120))
    ),
    "handle page faults": lambda: os.close(_call(_NUMBERS["userfaultfd"], 1)),
    "keep a key": lambda: _call(_NUMBERS["add_key"], b"user", b"llamas-bpf", b"x", 1, -2),
    "talk to the hypervisor": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close(),
}
if platform.machine() == "x86_64":
    CALLS["make calls of 32 bits"] = lambda: _in_a_child(_call_of_32_bits)
