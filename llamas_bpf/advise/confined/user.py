"""Whom the model's process runs as: nobody else's user id."""

import os
import pwd
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llamas_bpf.errors import ConfigError

#: An account of this name is taken where the configuration names none.
ACCOUNT = "llamas-bpf"

#: What systemd keeps for services without an account (https://systemd.io/UIDS-GIDS).
DYNAMIC = range(61184, 65520)

#: Other programs run as these; who may look into them could look into ours.
_SHARED = {"root", "nobody"}


@dataclass(frozen=True)
class User:
    uid: int
    gid: int


def account(name: str) -> User | None:
    """The account that is configured, or ``llamas-bpf``; None where there is none. Raises ConfigError."""
    try:
        found = pwd.getpwnam(name or ACCOUNT)
    except KeyError:
        if name:
            raise ConfigError(
                f"user under [llm]: there is no account {name!r}: useradd --system {name}"
            ) from None
        return None
    if found.pw_uid == 0 or found.pw_name in _SHARED:
        raise ConfigError(f"user under [llm]: must be an account of its own, not {name}")
    return User(found.pw_uid, found.pw_gid)


def free(state: Path, before: int | None) -> User:
    """A user id that neither an account nor a running process has: the one from before, if it still is free,
    else the same for the same state directory, if possible."""
    taken = _running()
    start = zlib.crc32(os.fsencode(state.absolute())) % len(DYNAMIC)
    candidates = [*DYNAMIC[start:], *DYNAMIC[:start]]
    if before in DYNAMIC:
        candidates.insert(0, before)
    for uid in candidates:
        if uid not in taken and not _has_account(uid):
            return User(uid, uid)
    raise ConfigError("every user id that could be free is taken: name an account by user under [llm]")


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _running() -> set[int]:
    return {uid for status in Path("/proc").glob("[0-9]*/status") for uid in _users(status)}


def _users(status: Path) -> Iterator[int]:
    """Real, effective, saved and file-system user ids (proc_pid_status(5))."""
    try:
        lines = status.read_bytes().splitlines()
    except OSError:  # it has ended
        return
    for line in lines:
        if line.startswith(b"Uid:"):
            yield from map(int, line.split()[1:])
