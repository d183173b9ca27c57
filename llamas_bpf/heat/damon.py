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
from dataclasses import dataclass, replace

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.damon import sysfs
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.damon.kdamonds import SHARED, WATCHING
from llamas_bpf.damon.sysfs import Attributes, Pattern
from llamas_bpf.heat import damon_sysfs, damon_targets
from llamas_bpf.heat.damon_availability import why_not
from llamas_bpf.heat.damon_targets import Watched
from llamas_bpf.heat.source import Heat, Kind, UnusableError

NAME = "damon"
KDAMONDS = len(WATCHING)

LOOK_US, LOOKS = 100_000, 10
#: 50 regions do not tell hot from cold, 200 to 1,000 do. Joining makes none larger than the whole / 300.
ATTRIBUTES = Attributes(LOOK_US, LOOKS, least_regions=300, most_regions=1000)
WORKING_SET = Pattern(least_accesses=2)
HOT = Pattern(least_accesses=LOOKS // 2)
COLD = Pattern(most_accesses=0, least_age=5)
PATTERNS = (WORKING_SET, HOT, COLD)

#: A first answer after some rounds: the regions of the start are our guess.
KNOWN_AFTER_S = 3.5


def open_source(_machine: Machine) -> "Damon":
    """Set up kdamonds of our own. Raises UnusableError where others have theirs, and leaves those alone."""
    if reason := why_not():
        raise UnusableError(reason)
    try:
        return Damon()
    except NotOursError as error:
        raise UnusableError(str(error)) from None
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

    def __init__(self) -> None:
        """Raises NotOursError where DAMON is somebody else's."""
        self._kdamonds: dict[str, int] = {}
        self._at_work: dict[str, AtWork] = {}
        SHARED.join()
        try:
            for number in WATCHING:
                damon_sysfs.set_up(number, ATTRIBUTES, PATTERNS)
        except BaseException:
            SHARED.leave()
            raise

    def refresh(self, workloads: Sequence[Workload]) -> dict[str, Heat]:
        known: dict[str, Heat] = {}
        try:
            self._check_ours()
            self._choose(workloads)
            for workload in workloads:
                if workload.id in self._kdamonds and (heat := self._look(workload)):
                    known[workload.id] = heat
        except OSError as error:
            raise UnusableError(f"DAMON stopped working: {error}") from None
        return known

    def close(self) -> None:
        """Also when the workloads have ended, or the kdamonds have."""
        try:
            if SHARED.is_ours():  # nobody else's are touched, should they have come in our place
                for number in WATCHING:
                    sysfs.stop(number)
        finally:
            SHARED.leave()

    def _check_ours(self) -> None:
        if not SHARED.is_ours():
            raise UnusableError("DAMON was set up anew by somebody else while it was ours; it is theirs now")

    def _choose(self, workloads: Sequence[Workload]) -> None:
        """The busiest; but who is being watched stays until it is far from them: starting takes time."""
        ids = [workload.id for workload in workloads if workload.processes]
        for id_ in self._kdamonds.keys() - set(ids[: 2 * KDAMONDS]):
            self._stop(id_)
            del self._kdamonds[id_]
        free = sorted(set(WATCHING) - set(self._kdamonds.values()))
        new = [id_ for id_ in ids[:KDAMONDS] if id_ not in self._kdamonds]
        self._kdamonds.update(zip(new, free, strict=False))

    def _look(self, workload: Workload) -> Heat | None:
        kdamond, at_work = self._kdamonds[workload.id], self._at_work.get(workload.id)
        if not at_work or not sysfs.running(kdamond) or not at_work.watched.is_apt(workload.processes):
            self._stop(workload.id)
            self._start(workload)
            return None
        try:
            at_work = self._follow(workload.id, at_work)
            if time.monotonic() < at_work.started_s + KNOWN_AFTER_S:
                return None
            working_set, hot, cold = damon_sysfs.matched_bytes(kdamond, len(PATTERNS))
        except OSError:
            if sysfs.running(kdamond) and at_work.watched.is_apt(workload.processes):
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
            sysfs.stop(self._kdamonds[id_])


def heat(working_set: int, hot: int, cold: int, resident: int) -> Heat | None:
    """Addresses as memory: there is no more of it than is resident, and what was accessed is.

    Nothing of all of it is what a kdamond says that had no time to look since it was asked.
    """
    if not working_set + cold:
        return None
    used = min(working_set, resident)
    return Heat(used, min(hot, used), min(cold, resident - used), NAME)
