"""DAMON's sysfs files (Documentation/admin-guide/mm/damon/usage.rst, "sysfs Interface").

What is done here is the same for whoever uses kdamonds of ours; what they are told to do is their user's.
Writers of one process take turns, so that what belongs together is written at a stretch. Others' writes are
waited for: one at a time in the whole kernel is served, and the answer to all others, readers of ``state``
among them, is EBUSY (mm/damon/sysfs.c, damon_sysfs_lock).
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from llamas_bpf.damon.ranges import Range

KDAMONDS = Path("/sys/kernel/mm/damon/admin/kdamonds")

Result = TypeVar("Result")

#: Held while one user's commands are given.
TURN = threading.RLock()

#: What is there in place of our tag until we have set it (mm/damon/sysfs.c, damon_sysfs_attrs_add_dirs()).
USUAL_UPDATE_US = 60_000_000
MOST_BYTES = (1 << 63) - 1
_MOST = (1 << 32) - 1  # of the kernel's unsigned int; for sizes it is not the limit
_BUSY_TRIES, _BUSY_PAUSE_S = 50, 0.02


@dataclass(frozen=True)
class Attributes:
    """How closely to look. One page of each region is checked every ``check_us``; after ``checks`` of them
    the regions are divided and joined anew (design.rst, "Region Based Sampling" and "Adaptive Regions")."""

    check_us: int
    checks: int
    least_regions: int
    most_regions: int


@dataclass(frozen=True)
class Pattern:
    """Which regions count: of such a size, found accessed in so many checks of a round, unchanged for so many
    rounds."""

    least_accesses: int = 0
    most_accesses: int = _MOST
    least_age: int = 0
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Target:
    """The addresses to watch in a process; with ``pid`` None, of the machine's memory."""

    pid: int | None
    ranges: tuple[Range, ...]


def count() -> int:
    """How many kdamonds are set up, running or not, by anybody."""
    return int(read(KDAMONDS / "nr_kdamonds"))


def tags() -> list[int | None]:
    """Of each kdamond that is set up: the tag that we gave it, or what else is there; None if nothing is."""
    return [_tag(context(number)) for number in range(count())]


def create(number: int, tag: int) -> None:
    """Set up so many kdamonds, all off. Only to be called when there are none.

    ``tag`` tells them from others': it is kept as the interval for updating the addresses, which has no
    effect on fixed ones and on the machine's (design.rst: "fvaddr" and "paddr" have no such update).
    """
    write(KDAMONDS / "nr_kdamonds", number)
    for index in range(number):
        write(KDAMONDS / str(index) / "contexts/nr_contexts", 1)
        write(context(index) / "monitoring_attrs/intervals/update_us", tag)


def remove() -> None:
    """Take all kdamonds away. Only to be called when they are ours."""
    for number in range(count()):
        stop(number)
    write(KDAMONDS / "nr_kdamonds", 0)


def context(number: int) -> Path:
    """The one context of a kdamond."""
    return KDAMONDS / str(number) / "contexts/0"


def watch(number: int, operations: str, attributes: Attributes) -> None:
    """What kind of addresses a kdamond is to look at (``fvaddr``, ``paddr``), and how closely."""
    write(context(number) / "operations", operations)
    monitoring = context(number) / "monitoring_attrs"
    write(monitoring / "intervals/sample_us", attributes.check_us)
    write(monitoring / "intervals/aggr_us", attributes.check_us * attributes.checks)
    write(monitoring / "nr_regions/max", attributes.most_regions)
    write(monitoring / "nr_regions/min", attributes.least_regions)


def match(scheme: Path, pattern: Pattern) -> None:
    """Which regions a scheme is about."""
    limits = (
        ("sz", 0, pattern.most_bytes),
        ("nr_accesses", pattern.least_accesses, pattern.most_accesses),
        ("age", pattern.least_age, _MOST),
    )
    for name, least, most in limits:
        write(scheme / "access_pattern" / name / "max", most)
        write(scheme / "access_pattern" / name / "min", least)


def describe(number: int, targets: Sequence[Target]) -> None:
    """What to watch from the next start, or commit, on."""
    place = context(number) / "targets"
    write(place / "nr_targets", len(targets))
    for index, target in enumerate(targets):
        if target.pid is not None:
            write(place / str(index) / "pid_target", target.pid)
        regions = place / str(index) / "regions"
        write(regions / "nr_regions", len(target.ranges))
        for region, (first, end) in enumerate(target.ranges):  # hundreds: a Path doubles what each takes
            write(f"{regions}/{region}/start", first)
            write(f"{regions}/{region}/end", end)


def running(number: int) -> bool:
    """A kdamond of processes stops by itself when all of them have ended."""
    return read(KDAMONDS / str(number) / "state") == "on"


def command(number: int, word: str) -> None:
    """``on``, ``off``, ``commit`` or an update (usage.rst, "state")."""
    write(KDAMONDS / str(number) / "state", word)


def stop(number: int) -> None:
    """Its settings stay until the next start."""
    if not running(number):
        return
    try:
        command(number, "off")
    except OSError:
        if running(number):
            raise  # else it has stopped by itself meanwhile


def read(path: Path) -> str:
    """Without the final newline. Waits as ``write`` does: ``state`` is shown under the same lock."""
    return _when_free(lambda: path.read_text(encoding="utf-8", errors="surrogateescape")).rstrip("\n")


def write(path: Path | str, value: int | str) -> None:
    """Waits, a second at most, for those whose turn it is."""

    def in_turn() -> None:
        with TURN:
            _write_once(path, os.fsencode(f"{value}"))

    _when_free(in_turn)


def _when_free(done: Callable[[], Result]) -> Result:
    for _ in range(_BUSY_TRIES - 1):
        try:
            return done()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
        time.sleep(_BUSY_PAUSE_S)
    return done()


def _write_once(path: Path | str, text: bytes) -> None:
    """In one write(2): the kernel takes each of them for a whole value."""
    file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(file, text)
    finally:
        os.close(file)


def _tag(place: Path) -> int | None:
    try:
        return int(read(place / "monitoring_attrs/intervals/update_us"))
    except FileNotFoundError:
        return None
