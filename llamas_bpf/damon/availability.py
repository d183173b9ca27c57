"""Whether DAMON can be ours here. All of this only reads."""

from contextlib import suppress
from pathlib import Path

from llamas_bpf.damon import claim, sysfs
from llamas_bpf.damon.claim import Claim
from llamas_bpf.machine import boot_id

#: Modules that want DAMON for themselves: others cannot start while they run (damon_start(), "exclusive").
_EXCLUSIVE = ("damon_reclaim", "damon_lru_sort", "damon_stat")


def why_not() -> str | None:
    """What keeps DAMON from being used, found without a change to anything."""
    if not sysfs.KDAMONDS.is_dir():
        return "DAMON is not in this kernel: one with CONFIG_DAMON_SYSFS has it"
    for module in _EXCLUSIVE:
        switch = Path(f"/sys/module/{module}/parameters/enabled")
        with suppress(OSError):
            if switch.read_text(encoding="ascii").strip() == "Y":
                return f"DAMON is in use by the kernel's {module}: echo N > {switch}"
    try:
        return somebody_elses()
    except PermissionError:
        return "DAMON is root's: sudo llamas-bpf …"


def somebody_elses() -> str | None:
    """One whose tags are not those that the last of us wrote down, in this boot."""
    if not sysfs.count() or last_claim():
        return None
    return (
        f"DAMON is set up by somebody else (nr_kdamonds is {sysfs.count()}) and stays as it is; when it is "
        f"no longer wanted: echo off > {sysfs.KDAMONDS}/0/state (and each other), then echo 0 > "
        f"{sysfs.KDAMONDS}/nr_kdamonds"
    )


def lost() -> bool:
    """Whether one of us set up what is there, and what says so is gone."""
    return any(map(claim.is_tag, sysfs.tags())) and not last_claim()


def last_claim() -> Claim | None:
    """The claim on what is set up now, if it was one of us who did."""
    found = claim.last()
    return found if found and found.boot_id == boot_id() and found.holds(sysfs.tags()) else None
