"""One enforcing controller per host."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llamas_bpf.config import RUN
from llamas_bpf.errors import LlamasError, MissingError

LOCK = RUN / "enforce.lock"


@contextmanager
def enforcing_lock(path: Path = LOCK) -> Iterator[None]:
    """Holds the host's lock; LlamasError names the process that has it. It ends with this process.

    A child forked without exec shares the lock and keeps it after us.
    """
    file = _open(path)
    try:
        _take(file, path)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(file, 0)
    finally:
        os.close(file)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o755, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(file, 0o600)  # who can read it can lock it, and so keep us from starting
        return file
    except PermissionError:
        raise MissingError(
            f"{path}: only root may change settings of the kernel: sudo llamas-bpf …"
        ) from None
    except OSError as error:
        raise LlamasError(f"{path}: cannot be used as a lock: {error.strerror}") from error


def _take(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(file, 32, 0).decode("ascii", "replace").strip()
        raise LlamasError(
            f"process {pid} is already enforcing on this host ({path}): stop it first, with kill -TERM {pid}"
            if pid.isascii() and pid.isdigit() and Path("/proc", pid).exists()
            else f"another process holds {path}: try again, or look who with fuser -v {path}"
        ) from None
