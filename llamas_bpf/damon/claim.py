"""Whose kdamonds these are: written down before they are made, so that they can be told after a crash.

There is one set of kdamonds in a kernel, for everybody (usage.rst: "nr_kdamonds"). Others' are never touched.
Ours carry a random tag, which ``/run/llamas-bpf/damon.json`` holds together with the boot it is valid in.
Whoever uses them keeps that file locked: a lock ends with its process, however that ends.
"""

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

from llamas_bpf.config import RUN, check_owner, read_trusted
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.damon.sysfs import USUAL_UPDATE_US
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
        """Whether these are ours, made or half made: a crash leaves the first with our tag, then at most one
        with the kernel's own interval, and the others without any."""
        made = len(list(takewhile(lambda tag: tag == self.tag, tags)))
        rest = tags[made:]
        return len(tags) == self.kdamonds and set(rest[:1]) <= {None, USUAL_UPDATE_US} and not any(rest[1:])

    def is_whole(self, tags: list[int | None]) -> bool:
        """Whether these are ours, and made to the last."""
        return tags == [self.tag] * self.kdamonds


def is_tag(tag: int | None) -> bool:
    """Whether one of us has set this, be its claim lost."""
    return tag is not None and _FIRST_TAG <= tag < _FIRST_TAG + _TAGS


def last(path: Path = CLAIM) -> Claim | None:
    """What was claimed last; None if there is none, or it is nothing that can be understood.

    Raises OSError where that cannot be told: to take ours for others' would leave it running for good.
    """
    try:
        return Claim(**json.loads(read_trusted(path)))
    except ConfigError as error:
        if isinstance(error.__context__, OSError) and not isinstance(error.__context__, FileNotFoundError):
            raise error.__context__ from None
    except (ValueError, TypeError):
        pass
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
