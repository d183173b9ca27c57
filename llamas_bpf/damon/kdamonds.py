"""The one set of kdamonds that a kernel has, while it is ours.

It can only be made, and taken away, as a whole, and only while none of it runs (usage.rst, "nr_kdamonds").
So whoever of us comes first makes it, with places for everybody; whoever goes last takes it away. A scheme
that is still running keeps it: it was left so on purpose, or somebody else has made it theirs.
"""

import threading
from contextlib import suppress

from llamas_bpf.damon import availability, sysfs
from llamas_bpf.damon.claim import Claim, ClaimFile
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.machine import boot_id

#: Places for kdamonds that watch a workload each, and for those that have a scheme each.
WATCHING = range(8)
SCHEMES = range(8, 12)
PLACES = len(WATCHING) + len(SCHEMES)


class Shared:
    """Joined by each user in this process; other processes are kept out by the claim's lock."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._users = 0
        self._claim: Claim | None = None
        self._file: ClaimFile | None = None

    def join(self) -> None:
        """Have the set until ``leave``. Raises NotOursError where it cannot be ours, OSError."""
        with self._turn:
            if self._users:
                self._check()
            else:
                self._open()
            self._users += 1

    def leave(self) -> None:
        """The last one takes the set away, should it still be ours."""
        with self._turn:
            self._users -= 1
            if self._users == 0:
                self._close()

    def is_ours(self) -> bool:
        """Whether the set that is there now is the one that was joined."""
        with suppress(FileNotFoundError):
            return self._claim is not None and self._claim.is_whole(sysfs.tags())
        return False

    def _check(self) -> None:
        if not self.is_ours():
            raise NotOursError("DAMON was set up anew by somebody else while it was ours; it is theirs now")

    def _open(self) -> None:
        self._file = ClaimFile()
        try:
            self._claim = _left_running() or _make(self._file)
        except BaseException:
            self._forget()
            raise

    def _close(self) -> None:
        assert self._file is not None
        try:
            if not self.is_ours():
                self._file.withdraw()
            elif not any(map(sysfs.running, SCHEMES)):
                sysfs.remove()
                self._file.withdraw()
        finally:
            self._forget()

    def _forget(self) -> None:
        if self._file:
            self._file.close()
        self._file = self._claim = None


def _left_running() -> Claim | None:
    """The claim of a set in which a scheme runs since an earlier process of ours: it is kept for that."""
    if reason := availability.somebody_elses():
        raise NotOursError(reason)
    if sysfs.count() != PLACES or not any(map(sysfs.running, SCHEMES)):
        return None
    for number in WATCHING:
        sysfs.stop(number)
    return availability.last_claim()


def _make(file: ClaimFile) -> Claim:
    if sysfs.count():
        sysfs.remove()  # left by one of us that was killed
    claim = file.write(boot_id(), PLACES)
    try:
        sysfs.create(PLACES, claim.tag)
    except BaseException:
        if claim.holds(sysfs.tags()):
            sysfs.remove()
        file.withdraw()
        raise
    return claim


SHARED = Shared()
