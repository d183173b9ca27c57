"""Heat from DAMON, the kernel's data access monitor, of a few workloads: those that are the busiest.

For each of them a kdamond divides the addresses of its largest processes (at most 4) into regions, and every
100 ms looks at one page of each region, whether it was accessed since the last look. After ten looks, a
second, neighbours that are alike are joined, and all are divided again: regions become small where access
differs (Documentation/mm/damon/design.rst, "Core Logics"). In these terms, a region counts as a whole as

- working set: found accessed in at least 2 of the last 10 looks. One may be a single page's in a region that
  is not used otherwise. What is used less than twice a second is often missed;
- hot: in at least 5 of the last 10, so used about five times a second or more;
- cold: in none, for at least 5 rounds, that is 5 seconds. Mapped memory that was never used counts for none:
  it is bounded by what is resident.

Memory that two processes of a workload share counts for each. Huge pages are hot or cold as a whole. A page
that stays in a processor's TLB is not seen to be used (arch/x86/mm/pgtable.c, ptep_clear_flush_young()): a
small hot set of huge pages may show only after a switch to another process.

The cost follows the number of regions, not the memory: at most 8 workloads of 1,000 regions, 10 looks a
second.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.heat import damon_sysfs, damon_targets
from llamas_bpf.heat.damon_availability import somebody_elses, why_not
from llamas_bpf.heat.damon_claim import ClaimFile
from llamas_bpf.heat.damon_targets import Watched
from llamas_bpf.heat.source import Heat, Kind, UnusableError
from llamas_bpf.machine import boot_id

NAME = "damon"
KDAMONDS = 8

LOOK_US, LOOKS = 100_000, 10
#: 50 regions do not tell hot from cold, 200 to 1,000 do. Joining makes none larger than the whole / 300.
ATTRIBUTES = damon_sysfs.Attributes(LOOK_US, LOOKS, least_regions=300, most_regions=1000)
WORKING_SET = damon_sysfs.Pattern(least_accesses=2)
HOT = damon_sysfs.Pattern(least_accesses=LOOKS // 2)
COLD = damon_sysfs.Pattern(most_accesses=0, least_age=5)
PATTERNS = (WORKING_SET, HOT, COLD)

#: A first answer after some rounds: the regions of the start are our guess.
KNOWN_AFTER_S = 3.5


def open_source(_machine: Machine) -> "Damon":
    """Set up kdamonds of our own. Raises UnusableError where others have theirs, and leaves those alone."""
    if reason := why_not():
        raise UnusableError(reason)
    try:
        claims = ClaimFile()
        try:
            return Damon(claims)
        except BaseException:
            claims.close()
            raise
    except PermissionError as error:
        raise UnusableError(f"DAMON is root's: sudo llamas-bpf … ({error.filename})") from None
    except OSError as error:
        raise UnusableError(f"DAMON cannot be set up: {error}") from None


KIND = Kind(NAME, why_not, open_source)


@dataclass(frozen=True)
class AtWork:
    """What the kdamond of a workload watches, and since when."""

    watched: Watched
    started_s: float


class Damon:
    """Keeps which kdamond watches which workload."""

    name = NAME
    limits = ""

    def __init__(self, claims: ClaimFile) -> None:
        self._claims = claims
        if reason := somebody_elses():
            raise UnusableError(reason)
        if damon_sysfs.count():
            damon_sysfs.remove()  # left by one of us that was killed
        self._claim = claims.write(boot_id(), KDAMONDS)
        self._kdamonds: dict[str, int] = {}
        self._at_work: dict[str, AtWork] = {}
        try:
            damon_sysfs.create(KDAMONDS, self._claim.tag, ATTRIBUTES, PATTERNS)
        except BaseException:
            self._remove()
            raise

    def refresh(self, workloads: Sequence[Workload]) -> dict[str, Heat]:
        self._check_ours()
        known: dict[str, Heat] = {}
        try:
            self._choose(workloads)
            for workload in workloads:
                if workload.id in self._kdamonds and (heat := self._look(workload)):
                    known[workload.id] = heat
        except OSError as error:
            raise UnusableError(f"DAMON stopped working: {error}") from None
        return known

    def close(self) -> None:
        """Also when the workloads have ended, or the kdamonds have."""
        self._remove()
        self._claims.close()

    def _remove(self) -> None:
        """Nobody else's are touched, should they have come in our place."""
        with suppress(FileNotFoundError):
            if self._claim.holds(damon_sysfs.tags()):
                damon_sysfs.remove()
        self._claims.withdraw()

    def _check_ours(self) -> None:
        if not self._claim.holds(damon_sysfs.tags()):
            raise UnusableError("DAMON was set up anew by somebody else while it was ours; it is theirs now")

    def _choose(self, workloads: Sequence[Workload]) -> None:
        """The busiest; but who is being watched stays until it is far from them: starting takes time."""
        ids = [workload.id for workload in workloads if workload.processes]
        for id_ in self._kdamonds.keys() - set(ids[: 2 * KDAMONDS]):
            self._stop(id_)
            del self._kdamonds[id_]
        free = sorted(set(range(KDAMONDS)) - set(self._kdamonds.values()))
        new = [id_ for id_ in ids[:KDAMONDS] if id_ not in self._kdamonds]
        self._kdamonds.update(zip(new, free, strict=False))

    def _look(self, workload: Workload) -> Heat | None:
        kdamond, at_work = self._kdamonds[workload.id], self._at_work.get(workload.id)
        if not at_work or not damon_sysfs.running(kdamond) or not at_work.watched.is_apt(workload.processes):
            self._stop(workload.id)
            self._start(workload)
            return None
        try:
            at_work = self._follow(workload.id, at_work)
            if time.monotonic() < at_work.started_s + KNOWN_AFTER_S:
                return None
            working_set, hot, cold = damon_sysfs.matched_bytes(kdamond, len(PATTERNS))
        except OSError:
            if damon_sysfs.running(kdamond) and at_work.watched.is_apt(workload.processes):
                raise
            return None  # what it watched has ended
        return heat(working_set, hot, cold, at_work.watched.resident_bytes())

    def _follow(self, id_: str, at_work: AtWork) -> AtWork:
        if not (more := damon_targets.grown(at_work.watched, ATTRIBUTES.least_regions)):
            return at_work
        watched, targets = more
        damon_sysfs.change(self._kdamonds[id_], targets)
        self._at_work[id_] = replace(at_work, watched=watched)
        return self._at_work[id_]

    def _start(self, workload: Workload) -> None:
        watched = damon_targets.first_watched(damon_targets.largest(workload.processes))
        if not watched.ranges or not all(watched.ranges):
            return  # ended, or a thread of the kernel, which has no memory of its own
        kdamond = self._kdamonds[workload.id]
        try:
            damon_sysfs.start(kdamond, damon_targets.first_targets(watched, ATTRIBUTES.least_regions))
        except OSError:
            if watched.is_apt(watched.processes):
                raise
            return
        self._at_work[workload.id] = AtWork(watched, time.monotonic())
        if not watched.is_apt(watched.processes):
            self._stop(workload.id)  # one has ended, and its pid may already have been another's

    def _stop(self, id_: str) -> None:
        if self._at_work.pop(id_, None):
            damon_sysfs.stop(self._kdamonds[id_])


def heat(working_set: int, hot: int, cold: int, resident: int) -> Heat | None:
    """Addresses as memory: there is no more of it than is resident, and what was accessed is.

    Nothing of all of it is what a kdamond says that had no time to look since it was asked.
    """
    if not working_set + cold:
        return None
    used = min(working_set, resident)
    return Heat(used, min(hot, used), min(cold, resident - used), NAME)
