"""One scheme of DAMON's in one kdamond: written to sysfs, and read back from there.

The machine's memory is watched by its physical addresses, since only so pages can be moved, paged out and
sorted (design.rst, "Operation Action"). Whose they are is asked page by page, by a filter. What is hot or
cold is found as in heat/damon.py; a page of a cold region is left alone all the same if it was used since it
was last looked at, and one of a hot region if it was not: the filter "young" (kernel commit c0cb9d91bf29).
"""

import mmap
from pathlib import Path

from llamas_bpf.act import physical_memory
from llamas_bpf.act.scheme_value import Asked, Goal, migrates
from llamas_bpf.contracts.action import COLD_S, HOT_LOOKS, LOOKS, Scheme, SchemeName
from llamas_bpf.damon import ranges, sysfs
from llamas_bpf.damon.sysfs import Attributes, Pattern, Target

ATTRIBUTES = Attributes(check_us=1_000_000 // LOOKS, checks=LOOKS, least_regions=300, most_regions=1000)
QUOTA_MS = 1000

_HOT: frozenset[SchemeName] = frozenset({"migrate_hot", "lru_prio"})

#: A cgroup's id is kept in what no region exceeds: its path alone does not tell it from a later one.
_FIRST_ID = 1 << 62


def fill(number: int, target: Scheme, asked: Asked) -> None:
    """Describe the scheme to a kdamond that is off."""
    sysfs.watch(number, "paddr", ATTRIBUTES)
    memory = physical_memory.elsewhere(asked.node)
    pages = ranges.size(memory) // ATTRIBUTES.least_regions // mmap.PAGESIZE
    parts = ranges.pieces(memory, max(pages, 1) * mmap.PAGESIZE)
    sysfs.describe(number, [Target(None, tuple(parts))])
    schemes = sysfs.context(number) / "schemes"
    sysfs.write(schemes / "nr_schemes", 0)  # nothing that somebody wrote stays
    sysfs.write(schemes / "nr_schemes", 1)
    scheme = schemes / "0"
    sysfs.write(scheme / "action", target.knob)
    sysfs.match(scheme, _pattern(target, asked))
    _limit(scheme / "quotas", asked)
    if asked.node is not None:
        sysfs.write(scheme / "target_nid", asked.node)
    _filter(scheme, target)


def empty(number: int) -> None:
    """As it was made: nothing to watch, nothing to do."""
    sysfs.stop(number)
    sysfs.write(sysfs.context(number) / "schemes/nr_schemes", 0)
    sysfs.describe(number, [])


def is_of(number: int, target: Scheme) -> bool:
    """Whether this kdamond was last given this scheme, and runs."""
    scheme = _scheme(number)
    return (
        sysfs.running(number)
        and scheme.is_dir()
        and sysfs.read(scheme / "action") == target.knob
        and sysfs.read(scheme / "access_pattern/sz/max") == str(_who(target))
    )


def asked(number: int, target: Scheme) -> str:
    """What it does now, in words; also where somebody changed it, if that can be said in words."""
    scheme = _scheme(number)
    node = int(sysfs.read(scheme / "target_nid")) if migrates(target) else None
    quota = scheme / "quotas"
    looks, idle_s = HOT_LOOKS, COLD_S
    if target.knob == "migrate_hot":
        looks = _figure(scheme / "access_pattern/nr_accesses/min")
    elif target.knob == "migrate_cold":
        idle_s = _figure(scheme / "access_pattern/age/min")
    words = str(Asked(node, _figure(quota / "ms"), _figure(quota / "bytes"), _goal(quota), looks, idle_s))
    return words if _is_filtered(scheme, target) else f"{words}, of others' memory too"


def _scheme(number: int) -> Path:
    return sysfs.context(number) / "schemes/0"


def _who(target: Scheme) -> int:
    return _FIRST_ID + (target.cgroup_id or 0)


def _pattern(target: Scheme, asked: Asked) -> Pattern:
    if target.knob in _HOT:
        return Pattern(least_accesses=asked.looks, most_bytes=_who(target))
    return Pattern(most_accesses=0, least_age=asked.idle_s, most_bytes=_who(target))


def _limit(quota: Path, asked: Asked) -> None:
    sysfs.write(quota / "ms", asked.ms)
    sysfs.write(quota / "bytes", asked.bytes)
    sysfs.write(quota / "reset_interval_ms", QUOTA_MS)
    # The hottest, or coldest, first; how large a region is does not count.
    for name, weight in (("sz", 0), ("nr_accesses", 1), ("age", 1)):
        sysfs.write(quota / f"weights/{name}_permil", weight)
    if asked.goal:
        sysfs.write(quota / "goals/nr_goals", 1)
        sysfs.write(quota / "goals/0/target_metric", asked.goal.metric)
        sysfs.write(quota / "goals/0/target_value", asked.goal.value)
        if asked.goal.node is not None:
            sysfs.write(quota / "goals/0/nid", asked.goal.node)


def _goal(quota: Path) -> Goal | None:
    goal = quota / "goals/0"
    if not goal.is_dir():
        return None
    metric = sysfs.read(goal / "target_metric")
    node = _figure(goal / "nid") if metric.startswith("node_mem_") else None
    return Goal(metric, _figure(goal / "target_value"), node)


def _filter(scheme: Path, target: Scheme) -> None:
    """Pages that match are left alone; for ``matching`` N, those that do not. The owner is asked first, so
    that nothing is changed about others' pages: asking whether a page is young makes it old."""
    filters = _filters(scheme)
    of_cgroup = target.cgroup is not None
    sysfs.write(filters / "nr_filters", 2 if of_cgroup else 1)
    if target.cgroup is not None:
        sysfs.write(filters / "0/type", "memcg")
        sysfs.write(filters / "0/memcg_path", target.cgroup)
        sysfs.write(filters / "0/matching", "N")
    young = filters / ("1" if of_cgroup else "0")
    sysfs.write(young / "type", "young")
    sysfs.write(young / "matching", "N" if target.knob in _HOT else "Y")


def _is_filtered(scheme: Path, target: Scheme) -> bool:
    if target.cgroup is None:
        return True
    first = _filters(scheme) / "0"
    try:
        found = [sysfs.read(first / name) for name in ("type", "memcg_path", "matching")]
    except FileNotFoundError:
        return False
    return found == ["memcg", target.cgroup, "N"]


def _filters(scheme: Path) -> Path:
    """Those of pages are apart from those of regions since 6.15, and the older files are to go."""
    apart = scheme / "ops_filters"
    return apart if apart.is_dir() else scheme / "filters"


def _figure(path: Path) -> int:
    return int(sysfs.read(path))
