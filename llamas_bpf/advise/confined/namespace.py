"""A PID namespace of our children's own: whatever is started in there, and by whom, ends with us."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from llamas_bpf import own
from llamas_bpf.advise.confined.confine import check, native

#: Reads until we hang up, which the kernel does for a process that is killed.
_FIRST = ("cat",)


class Namespace:
    """Its first process, with which all others end (pid_namespaces(7)), is root's and does nothing: nobody
    without rights can signal it, or undo what it waits for. There is none where we are not root.
    """

    def __init__(self) -> None:
        self._first: subprocess.Popen[bytes] | None = None

    @contextmanager
    def children(self) -> Iterator[None]:
        """What is started within is in it. Meanwhile no thread can be started. Raises OSError."""
        if os.geteuid() != 0:
            yield
            return
        _, lib = native()
        ours = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        try:
            check("give it a PID namespace", lib.confine_children())
            try:
                self._first = subprocess.Popen(
                    _FIRST,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={},
                    start_new_session=True,
                )
                own.add(self._first.pid)
                yield
            finally:
                check("return to the PID namespace", lib.confine_children_no_more(ours))
        except BaseException:
            self.end()
            raise
        finally:
            os.close(ours)

    def end(self) -> None:
        """End all that is in it, without waiting for that."""
        if self._first:
            self._first.kill()

    def ended(self, wait_s: float = 0) -> bool:
        """Whether all is gone: children of ours count until they have been waited for."""
        if self._first is None:
            return True
        with suppress(subprocess.TimeoutExpired):
            self._first.wait(wait_s)
            assert self._first.stdin
            self._first.stdin.close()
            own.remove(self._first.pid)
            self._first = None
        return self._first is None
