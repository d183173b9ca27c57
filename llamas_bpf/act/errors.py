"""Why a write, or an undoing, did not happen. Never ends more than the one action it is about."""

import errno
import os
from collections.abc import Container

from llamas_bpf.contracts.action import Target
from llamas_bpf.errors import ConfigError, LlamasError
from llamas_bpf.shown import target as shown


class ActError(LlamasError):
    """The kernel said no."""


class Gone(ActError):  # noqa: N818
    """The target is not there any more, or is another one of the same name."""


class JournalError(ConfigError):
    """The journal cannot be trusted, read or written: nothing may be changed."""


#: What may come out of an actuator. No single target ends more than its own action, whatever it does.
FAILURES = (ActError, OSError, ValueError)
_GONE = (errno.ENOENT, errno.ESRCH)


def explained(target: Target, gone: Container[int] = _GONE) -> "_Explained":
    """Turns what the kernel answers into a sentence that names the target. ``gone`` are the answers that
    mean Gone: ENODEV does so of a cgroup that is being removed, and elsewhere means many things."""
    return _Explained(target, gone)


class _Explained:
    """A class: it is entered several times for each write, and a generator would take thrice as long."""

    def __init__(self, target: Target, gone: Container[int]) -> None:
        self._target, self._gone = target, gone

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise _explanation(self._target, error, self._gone) from error
        if isinstance(error, ValueError):
            raise ActError(f"{describe(self._target)}: not a value that could be written") from error


def _explanation(target: Target, error: OSError, gone: Container[int]) -> ActError:
    name = describe(target)
    if error.errno in gone:
        return Gone(f"{name}: no such thing here, or not any more")
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Gone(f"{name}: a symbolic link is in the way, and is not followed")
    number = error.errno or 0
    advice = _OF_CGROUPS if hasattr(target, "cgroup") else _ADVICE
    return ActError(f"{name}: {os.strerror(number)}{advice.get(number, '')}")


def was(error: ActError, number: int) -> bool:
    """Whether the kernel's answer was this errno."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == number


def describe(target: Target) -> str:
    """The target as one harmless line."""
    return shown(target.model_dump())


_ADVICE = {
    errno.EROFS: " (remount it writable, or run where it is)",
    errno.EACCES: " (run as root)",
    errno.EPERM: " (run as root; a container's root may not do this)",
    errno.EINVAL: " (the kernel does not take this value here)",
}
_OF_CGROUPS = _ADVICE | {
    errno.EBUSY: " (the cgroup, or one below it, uses what would be taken away)",
    errno.EINVAL: " (the kernel does not take this value here: see what its parent cgroup allows)",
}
