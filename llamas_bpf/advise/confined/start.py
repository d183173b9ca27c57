"""Starts the model's process: with a bare environment, the pipe, and its key, and nothing else."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from llamas_bpf.advise.confined.confine import children

PROGRAM = (sys.executable, "-I", str(Path(__file__).with_name("__main__.py")))

#: Of our environment, this and nothing else; a key comes by a descriptor of its own.
ENVIRONMENT = frozenset(
    name for word in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (word, word.upper())
) | {"PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"}

_BUFFER_BYTES = 1 << 20
_SO_SNDBUFFORCE = 32  # asm-generic/socket.h


def started(
    program: tuple[str, ...], state: Path, user: str, key: bytes
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process, and our end of its pipe, which never blocks. Raises OSError.

    ``key`` has room in a pipe that nobody reads yet: 64 KiB (pipe(7)).
    """
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    try:
        os.write(write, key)
        for end in (ours, theirs):
            _enlarge(end)
        ours.setblocking(False)
        path = os.pathsep.join(filter(os.path.isabs, sys.path))
        with children():
            process = subprocess.Popen(
                [*program, path, str(state), user, str(read)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(read,),
                cwd="/",
                # One thread: rights are a thread's own, and numpy would bring others.
                env=_environment() | {"OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
        os.close(read)
        os.close(write)
    return process, ours


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in ENVIRONMENT}


def _enlarge(end: socket.socket) -> None:
    """A question should fit, and an answer: beyond what others may have, if we are root."""
    try:
        end.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _BUFFER_BYTES)
    except PermissionError:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
