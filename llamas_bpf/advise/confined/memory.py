"""The directory in which the model's process keeps its memory: its own, and nobody else's."""

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

from llamas_bpf.advise.confined.user import DYNAMIC, User
from llamas_bpf.config import check_owner
from llamas_bpf.errors import ConfigError

NAME = "advisor"
_LOCK = "advisor.lock"


def opened(state: Path) -> int:
    """A descriptor of ``STATE/advisor``, made where it is missing. Raises ConfigError and OSError."""
    parent = _parent(state)
    try:
        with suppress(FileExistsError):
            os.mkdir(NAME, 0o700, dir_fd=parent)
        return os.open(NAME, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    finally:
        os.close(parent)


def locked(state: Path) -> int:
    """Nobody else's until this descriptor is closed. Raises ConfigError where it is another controller's.

    A file beside it, since a model's process that breaks its rules could hold, or let go, what is its own.
    """
    parent = _parent(state)
    try:
        file = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        what = state / NAME
        raise ConfigError(f"another controller uses {what}: give this one another --state") from None
    return file


def _parent(state: Path) -> int:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    parent = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        check_owner(state, os.fstat(parent))
    except BaseException:
        os.close(parent)
        raise
    return parent


def owner(directory: int) -> int:
    """Whose it is."""
    return os.fstat(directory).st_uid


def give(directory: int, user: User) -> None:
    """Make it this user's, with what is in it. Raises ConfigError where it is a stranger's.

    Its owner could have put anything there: links are left as they are, also hard ones to others' files.
    """
    before = owner(directory)
    if before not in {0, user.uid} and before not in DYNAMIC:
        raise ConfigError(f"{NAME} in the state directory belongs to uid {before}: move it out of the way")
    os.fchmod(directory, 0o700)
    os.fchown(directory, user.uid, user.gid)
    for name in os.listdir(directory):
        file = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        try:
            status = os.fstat(file)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_uid in {0, before}:
                # Through the descriptor: the name may mean something else by now.
                os.chown(f"/proc/self/fd/{file}", user.uid, user.gid)
        finally:
            os.close(file)
