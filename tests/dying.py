"""A child process that is killed, as by ``kill -9``, just before one of its system calls."""

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

#: Whatever leaves a trace, on disk or in the kernel.
CALLS = (
    *("fdatasync", "fsync", "ftruncate", "mkdir", "pwrite", "rename", "rmdir", "unlink", "write"),
    *("sched_setaffinity", "sched_setscheduler", "setpriority"),
)


def dies(life: Callable[[], object], at: int, torn: bool = False) -> bool:
    """Whether the ``at``-th system call was reached, and so ``life`` killed. It ends well, or this fails.

    ``torn``: where that call writes to the journal, or the claim on DAMON, half of it is done. (A knob takes
    a value whole or not at all: kernfs hands the kernel the buffer of one write(2), which no signal divides.)
    """
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for name in CALLS:
                setattr(os, name, _Countdown.of(getattr(os, name)))
            _Countdown.left, _Countdown.torn = at, torn
            life()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def steps(life: Callable[[], object]) -> int:
    """How many such calls a whole life makes."""
    reading, writing = os.pipe()

    def counted() -> None:
        life()
        os.close(reading)
        left = _Countdown.left
        with os.fdopen(writing, "w") as file:
            file.write(str(left))

    most = 1_000_000
    assert not dies(counted, most)
    os.close(writing)
    with os.fdopen(reading) as file:
        return most - int(file.read())


class _Countdown:
    """One count for all calls."""

    left = 0
    torn = False

    @classmethod
    def of(cls, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if cls.left == 0:
                if cls.torn and call.__name__ in ("write", "pwrite") and arguments[1].startswith(b"{"):
                    call(arguments[0], arguments[1][: len(arguments[1]) // 2], *arguments[2:])
                os.kill(os.getpid(), signal.SIGKILL)
            cls.left -= 1
            return call(*arguments, **options)

        return counted
