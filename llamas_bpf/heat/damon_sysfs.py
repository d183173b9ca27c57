"""DAMON's sysfs files: every write that watching with DAMON needs is in this file.

Only `act/` changes how the kernel treats memory. What is written here changes nothing about anybody's memory:
it sets up kernel threads (kdamonds) of our own that look at the accessed bits of pages, with schemes whose
action is ``stat``, which counts and does nothing (Documentation/mm/damon/design.rst, "Operation Action").
Each kdamond watches one workload, so that a change in one does not make the others begin anew.

The files are those of Documentation/admin-guide/mm/damon/usage.rst, "sysfs Interface".
"""

import errno
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llamas_bpf.heat.address_ranges import Range

KDAMONDS = Path("/sys/kernel/mm/damon/admin/kdamonds")

#: Fixed addresses, which we choose ourselves: with "vaddr" the kernel would add all gaps but two.
OPERATIONS = "fvaddr"

_MOST = (1 << 32) - 1  # of the kernel's unsigned int; for sizes it is not the limit
_MOST_BYTES = (1 << 63) - 1
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
    """Which regions count: found accessed in so many checks of a round, unchanged for so many rounds."""

    least_accesses: int = 0
    most_accesses: int = _MOST
    least_age: int = 0


@dataclass(frozen=True)
class Target:
    """A process and the addresses to watch in it."""

    pid: int
    ranges: tuple[Range, ...]


def count() -> int:
    """How many kdamonds are set up, running or not, by anybody."""
    return int(_read(KDAMONDS / "nr_kdamonds"))


def tags() -> list[int | None]:
    """Of each kdamond that is set up: the tag that we gave it, or what else is there; None if nothing is."""
    return [_tag(KDAMONDS / str(number)) for number in range(count())]


def create(number: int, tag: int, attributes: Attributes, patterns: Sequence[Pattern]) -> None:
    """Set up so many kdamonds, all off. Only to be called when there are none.

    ``tag`` tells them from others': it is kept as the interval for updating the addresses, which has no
    effect on fixed ones (design.rst: "fvaddr" has no such update).
    """
    _write(KDAMONDS / "nr_kdamonds", number)
    for kdamond in (KDAMONDS / str(index) for index in range(number)):
        _write(kdamond / "contexts/nr_contexts", 1)
        context = kdamond / "contexts/0"
        intervals, regions = context / "monitoring_attrs/intervals", context / "monitoring_attrs/nr_regions"
        _write(intervals / "update_us", tag)
        _write(context / "operations", OPERATIONS)
        _write(intervals / "sample_us", attributes.check_us)
        _write(intervals / "aggr_us", attributes.check_us * attributes.checks)
        _write(regions / "max", attributes.most_regions)
        _write(regions / "min", attributes.least_regions)
        _write(context / "schemes/nr_schemes", len(patterns))
        for index, pattern in enumerate(patterns):
            _scheme(context / "schemes" / str(index), pattern, attributes.check_us)


def _scheme(scheme: Path, pattern: Pattern, apply_us: int) -> None:
    _write(scheme / "action", "stat")
    # Else a reader would wait for the end of a round (usage.rst, "apply_interval_us").
    _write(scheme / "apply_interval_us", apply_us)
    access = scheme / "access_pattern"
    limits = (
        ("sz", 0, _MOST_BYTES),
        ("nr_accesses", pattern.least_accesses, pattern.most_accesses),
        ("age", pattern.least_age, _MOST),
    )
    for name, least, most in limits:
        _write(access / name / "max", most)
        _write(access / name / "min", least)


def operations(number: int) -> tuple[str, ...]:
    """What a set-up kdamond can watch: ``vaddr``, ``fvaddr``, ``paddr``."""
    return tuple(_read(KDAMONDS / str(number) / "contexts/0/avail_operations").split())


def running(number: int) -> bool:
    """A kdamond stops by itself when all its processes have ended."""
    return _read(KDAMONDS / str(number) / "state").strip() == "on"


def start(number: int, targets: Sequence[Target]) -> None:
    """Let it watch these processes."""
    _describe(number, targets)
    _command(number, "on")


def change(number: int, targets: Sequence[Target]) -> None:
    """Give the same processes other addresses; what was found about those that stay is kept."""
    _describe(number, targets)
    _command(number, "commit")


def stop(number: int) -> None:
    """Its settings stay until the next start."""
    if not running(number):
        return
    try:
        _command(number, "off")
    except OSError:
        if running(number):
            raise  # else it has stopped by itself meanwhile


def matched_bytes(number: int, patterns: int) -> list[int]:
    """How many bytes each pattern matches now."""
    _command(number, "update_schemes_tried_bytes")
    schemes = KDAMONDS / str(number) / "contexts/0/schemes"
    return [int(_read(schemes / str(index) / "tried_regions/total_bytes")) for index in range(patterns)]


def remove() -> None:
    """Take all kdamonds away. Only to be called when they are ours."""
    for number in range(count()):
        stop(number)
    _write(KDAMONDS / "nr_kdamonds", 0)


def _describe(number: int, targets: Sequence[Target]) -> None:
    place = KDAMONDS / str(number) / "contexts/0/targets"
    _write(place / "nr_targets", len(targets))
    for index, target in enumerate(targets):
        _write(place / str(index) / "pid_target", target.pid)
        regions = place / str(index) / "regions"
        _write(regions / "nr_regions", len(target.ranges))
        for region, (first, end) in enumerate(target.ranges):
            _write(regions / str(region) / "start", first)
            _write(regions / str(region) / "end", end)


def _command(number: int, word: str) -> None:
    """One at a time in the whole kernel: while another is at work the answer is EBUSY (mm/damon/sysfs.c)."""
    for tried in range(_BUSY_TRIES):
        try:
            _write(KDAMONDS / str(number) / "state", word)
            return
        except OSError as error:
            if error.errno != errno.EBUSY or tried + 1 == _BUSY_TRIES:
                raise
        time.sleep(_BUSY_PAUSE_S)


def _tag(kdamond: Path) -> int | None:
    try:
        return int(_read(kdamond / "contexts/0/monitoring_attrs/intervals/update_us"))
    except FileNotFoundError:
        return None


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii")


def _write(path: Path, value: int | str) -> None:
    path.write_text(f"{value}", encoding="ascii")
