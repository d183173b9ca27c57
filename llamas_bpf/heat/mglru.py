"""Heat from the generations of the multi-generational LRU, of workloads that are memory cgroups.

An ageing looks at the accessed bits of a cgroup's pages: those used since the last one go into the
generation that was the youngest, and a new, empty one begins (multigen_lru.rst, "Working set estimation").
So right after an ageing, in these terms:

- hot: in the two youngest generations, that is used since the ageing before, at least 5 seconds ago. How
  often a page was used, MGLRU cannot tell.
- working set: in the three youngest: used in one of the last two such intervals;
- cold: in the oldest of the four, not used for two intervals.

The kernel ages by itself only when it is short of memory. So somebody has to ask for it, and that is a write:
the order in which pages would be reclaimed is the same after it, but all that was unused for three intervals
counts as equally old, where it would have had a finer past. We do this to workloads started with ``exec``, in
whose scope it is; of others we read what the kernel finds by itself, and give it when it is young enough.

An ageing passes over a process that is changing its mappings at that moment (mm/vmscan.c, walk_mm() only
tries for the lock), and then finds nothing of it used. So figures are the middle ones of three looks.

The cost: an ageing walks the page tables of the whole workload, so it is asked for again only after 50 times
what it took.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from statistics import median

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.heat import lru_gen
from llamas_bpf.heat.lru_gen import Lruvec
from llamas_bpf.heat.source import Heat, Kind, UnusableError

NAME = "mglru"
WORKLOADS = 8
LOOKS = 3
LEAST_INTERVAL_S = 5.0
MOST_OF_TIME = 1 / 50
#: What is known from longer ago is not given: the kernel may not have looked for hours.
YOUNG_ENOUGH_MS = 60_000

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def why_not() -> str | None:
    """What keeps MGLRU from being used, found without a change to anything."""
    try:
        enabled = int(lru_gen.ENABLED.read_text(encoding="ascii"), 16)
    except OSError:
        return "MGLRU is not in this kernel: one with CONFIG_LRU_GEN has it"
    if not enabled & lru_gen.MAIN_SWITCH:
        # It is the whole machine's, and changes how it reclaims: not ours to decide.
        return f"MGLRU is switched off: echo y > {lru_gen.ENABLED}"
    if not enabled & lru_gen.PAGE_TABLE_WALK:
        return f"MGLRU does not look at page tables: echo {enabled | 2:#06x} > {lru_gen.ENABLED}"
    try:
        lru_gen.LRU_GEN.open(encoding="ascii").close()
    except PermissionError:
        return "MGLRU's generations are shown to root only: sudo llamas-bpf …"
    except OSError:
        return "MGLRU's generations are in debugfs: mount -t debugfs debugfs /sys/kernel/debug"
    return None


def open_source(machine: Machine) -> "Mglru":
    """Ready to look. Raises UnusableError where it is off, or no memory cgroup can be told from others."""
    if reason := why_not():
        raise UnusableError(reason)
    if "memory" not in machine.cgroup_controllers:
        raise UnusableError(
            "MGLRU tells memory cgroups apart, and cgroup v2 has no memory controller here: boot with "
            "cgroup_no_v1=memory"
        )
    return Mglru()


KIND = Kind(NAME, why_not, open_source)


class Mglru:
    """Keeps when each workload was aged."""

    name = NAME
    limits = (
        "MGLRU is asked to look only at workloads started with `llamas-bpf exec`; of others heat is known "
        "where memory is so short that the kernel looks by itself"
    )

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._looks: dict[str, deque[Heat]] = {}

    def refresh(self, workloads: Sequence[Workload]) -> dict[str, Heat]:
        chosen = {w.id: w for w in workloads if w.cgroup not in (None, "/")}
        chosen = dict(list(chosen.items())[:WORKLOADS])
        self._due = {id_: due for id_, due in self._due.items() if id_ in chosen}
        now = time.monotonic()
        due = {id_: w for id_, w in chosen.items() if self._due.get(id_, now) <= now}
        if due:
            self._look(due)
        self._looks = {id_: looks for id_, looks in self._looks.items() if id_ in chosen}
        return {id_: middle(looks) for id_, looks in self._looks.items() if len(looks) == LOOKS}

    def close(self) -> None:
        """There is nothing of ours in the kernel."""

    def _look(self, workloads: dict[str, Workload]) -> None:
        cgroups = frozenset(w.cgroup for w in workloads.values() if w.cgroup)
        before = _read(cgroups)
        for id_, workload in workloads.items():
            started = time.monotonic()
            if workload.started_by_exec:
                for lruvec in _of(workload, before):
                    with suppress(OSError):  # the cgroup is gone, or the kernel itself was faster
                        lru_gen.age(lruvec)
            ended = time.monotonic()
            self._due[id_] = ended + max(LEAST_INTERVAL_S, (ended - started) / MOST_OF_TIME)
        after = _read(cgroups)
        for id_, workload in workloads.items():
            if heat := heat_of(_of(workload, after)):
                self._looks.setdefault(id_, deque(maxlen=LOOKS)).append(heat)
            else:
                self._looks.pop(id_, None)


def middle(looks: Sequence[Heat]) -> Heat:
    """Of each figure."""
    return Heat(
        median(look.working_set_bytes for look in looks),
        median(look.hot_bytes for look in looks),
        median(look.cold_bytes for look in looks),
        NAME,
    )


def heat_of(lruvecs: Sequence[Lruvec]) -> Heat | None:
    """Summed over nodes and cgroups. None if anything in it was not looked at for too long."""
    filled = [one for one in lruvecs if any(generation.pages for generation in one.generations)]
    if not filled or any(_looked_at_ms_ago(one) > YOUNG_ENOUGH_MS for one in filled):
        return None
    hot = sum(_pages(one, -2, None) for one in filled)
    warm = sum(_pages(one, -3, -2) for one in filled)
    cold = sum(_pages(one, 0, -3) for one in filled)
    return Heat((hot + warm) * _PAGE_BYTES, hot * _PAGE_BYTES, cold * _PAGE_BYTES, NAME)


def _looked_at_ms_ago(lruvec: Lruvec) -> float:
    """Since when pages in the two youngest generations were used: the birth of the older of them."""
    return lruvec.generations[-2].age_ms if len(lruvec.generations) > 1 else float("inf")


def _pages(lruvec: Lruvec, first: int, end: int | None) -> int:
    return sum(generation.pages for generation in lruvec.generations[first:end])


def _read(cgroups: frozenset[str]) -> list[Lruvec]:
    try:
        text = lru_gen.read()
    except OSError as error:
        raise UnusableError(f"MGLRU's generations can no longer be read: {error}") from None
    return list(lru_gen.parse(text, cgroups))


def _of(workload: Workload, lruvecs: Sequence[Lruvec]) -> list[Lruvec]:
    home = workload.cgroup or ""
    return [one for one in lruvecs if one.cgroup == home or one.cgroup.startswith(f"{home}/")]
