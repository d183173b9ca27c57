"""Starts the model's process: with a bare environment, the pipes, and its key, and nothing else."""

import fcntl
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from llamas_bpf.advise.confined.namespace import Namespace

PROGRAM = (sys.executable, "-I", str(Path(__file__).with_name("__main__.py")))

#: Of our environment, this and nothing else; a key comes by a descriptor of its own.
ENVIRONMENT = frozenset(
    name for word in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (word, word.upper())
) | {"PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"}

_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class Ends:
    """Two descriptors; ``close`` closes both."""

    read: int
    write: int
    _held: ExitStack

    def close(self) -> None:
        self._held.close()


def started(
    program: tuple[str, ...], state: Path, user: str, key: bytes
) -> tuple[subprocess.Popen[bytes], Namespace, Ends]:
    """The process, whom it ends with, and our ends of the pipes to it, which never block. Raises OSError.

    No socket: open files come down those too, and whoever gets one that lingers waits when it closes it.
    ``key`` has room in a pipe that nobody reads yet: 64 KiB (pipe(7)).
    """
    with ExitStack() as theirs, ExitStack() as ours:
        down, write = _pipe(theirs, ours)
        read, up = _pipe(ours, theirs)
        key_read, key_write = _pipe(theirs, theirs)
        os.write(key_write, key)
        for end in (read, write):
            os.set_blocking(end, False)
            with suppress(OSError):  # whoever is not root may have all that it may have
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _BUFFER_BYTES)
        path = os.pathsep.join(filter(os.path.isabs, sys.path))
        namespace = Namespace()
        with namespace.children():
            process = subprocess.Popen(
                [*program, path, str(state), user, str(key_read)],
                stdin=down,
                stdout=up,
                stderr=subprocess.DEVNULL,
                pass_fds=(key_read,),
                cwd="/",
                # One thread: rights are a thread's own, and numpy would bring others.
                env=_environment() | {"OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
        return process, namespace, Ends(read, write, ours.pop_all())


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in ENVIRONMENT}


def _pipe(reads: ExitStack, writes: ExitStack) -> tuple[int, int]:
    read, write = os.pipe()
    reads.callback(os.close, read)
    writes.callback(os.close, write)
    return read, write
