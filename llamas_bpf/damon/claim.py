"""Whose kdamonds these are: written down before they are made, so that they can be told after a crash.

There is one set of kdamonds in a kernel, for everybody (usage.rst: "nr_kdamonds"). Others' are never touched.
Ours carry a random tag, which ``/run/llamas-bpf/damon.json`` holds together with the boot it is valid in.
Whoever uses them keeps that file locked: a lock ends with its process, however that ends.
"""

import fcntl
import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from llamas_bpf.config import RUN, check_owner, read_trusted
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.errors import ConfigError

CLAIM = RUN / "damon.json"

#: Tags are intervals in µs that nobody would set: a little more than eleven days.
_FIRST_TAG, _TAGS = 10**12, 10**9


@dataclass(frozen=True)
class Claim:
    """So many kdamonds with this tag are ours, in this boot."""

    boot_id: str
    tag: int
    kdamonds: int

    def holds(self, tags: list[int | None]) -> bool:
        """Whether these are ours, all of them. Without settings are those that a crash while making them left
        behind the first."""
        return len(tags) == self.kdamonds and set(tags) in ({self.tag}, {self.tag, None})


def last(path: Path = CLAIM) -> Claim | None:
    """What was claimed last; None if it is nothing that can be understood."""
    with suppress(OSError, ConfigError, ValueError, TypeError):
        return Claim(**json.loads(read_trusted(path)))
    return None


class ClaimFile:
    """The file, locked as long as this lives."""

    def __init__(self, path: Path = CLAIM) -> None:
        path.parent.mkdir(mode=0o755, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            check_owner(path, os.fstat(self._file))
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise NotOursError(
                f"DAMON is already used by another llamas-bpf: stop it first (fuser -v {path} names it)"
            ) from None
        except ConfigError as error:
            self.close()
            raise NotOursError(f"DAMON is not used: {error}") from None

    def write(self, boot_id: str, kdamonds: int) -> Claim:
        """A new claim, with a tag of its own."""
        claim = Claim(boot_id, _FIRST_TAG + secrets.randbelow(_TAGS), kdamonds)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(asdict(claim)).encode(), 0)
        return claim

    def withdraw(self) -> None:
        """Nothing is ours any more."""
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Let others claim."""
        os.close(self._file)
