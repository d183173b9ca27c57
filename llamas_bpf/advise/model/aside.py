"""Something done in a child without rights, for a little while: what a server sends is not read as root."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from llamas_bpf.advise.confined.confine import give_up_rights
from llamas_bpf.advise.confined.namespace import Namespace
from llamas_bpf.advise.confined.user import User, free

_MOST_BYTES = 1 << 16
_FILES = 1 << 30  # more than a process can have


def aside(work: Callable[[], str], most_s: float) -> str | None:
    """What ``work`` gives; None when it takes longer, or its process ends without a word.

    The child has no rights when it begins, nor anything that was open: it is forked, not executed, since a
    program of root's may lie where nobody else can read it. Raises OSError.
    """
    user = free(Path("/"), None)
    reading, writing = os.pipe()
    namespace = Namespace()
    with namespace.children():
        child = os.fork()
        if child == 0:
            _child(work, writing, user)
    os.close(writing)
    try:
        return _read(reading, time.monotonic() + most_s)
    finally:
        os.close(reading)
        namespace.end()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        namespace.ended(1)


def _child(work: Callable[[], str], writing: int, user: User) -> None:
    status = 1
    try:
        _close_all_but(writing)
        give_up_rights(user.uid, user.gid)
        said = work().encode("utf-8", "replace")[:_MOST_BYTES]
        while said:
            said = said[os.write(writing, said) :]
        status = 0
    finally:
        os._exit(status)  # nothing of the parent's is flushed or closed twice


def _close_all_but(kept: int) -> None:
    """Also the terminal, and the pipe by whose end the namespace notices ours."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in {0, 1, 2} - {kept}:
        os.dup2(nowhere, descriptor)
    os.closerange(3, kept)
    os.closerange(kept + 1, _FILES)


def _read(reading: int, until_s: float) -> str | None:
    said = b""
    while select.select([reading], [], [], max(0.0, until_s - time.monotonic()))[0]:
        piece = os.read(reading, _MOST_BYTES)
        said += piece
        if not piece:
            return said.decode("utf-8", "replace") or None
        if len(said) > _MOST_BYTES:
            return None
    return None
