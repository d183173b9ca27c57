"""Whether DAMON can be ours here. All of this only reads."""

from contextlib import suppress
from pathlib import Path

from llamas_bpf.heat import damon_claim, damon_sysfs
from llamas_bpf.machine import boot_id

#: Modules that want DAMON for themselves: others cannot start while they run (damon_start(), "exclusive").
_EXCLUSIVE = ("damon_reclaim", "damon_lru_sort", "damon_stat")


def why_not() -> str | None:
    """What keeps DAMON from being used, found without a change to anything."""
    if not damon_sysfs.KDAMONDS.is_dir():
        return "DAMON is not in this kernel: one with CONFIG_DAMON_SYSFS and CONFIG_DAMON_VADDR has it"
    for module in _EXCLUSIVE:
        switch = Path(f"/sys/module/{module}/parameters/enabled")
        with suppress(OSError):
            if switch.read_text(encoding="ascii").strip() == "Y":
                return f"DAMON is in use by the kernel's {module}: echo N > {switch}"
    try:
        return somebody_elses() or _not_of_processes()
    except PermissionError:
        return "DAMON is root's: sudo llamas-bpf …"


def somebody_elses() -> str | None:
    """One whose tags are not those that the last of us wrote down, in this boot."""
    found = damon_sysfs.tags()
    claim = damon_claim.last()
    if not found or (claim and claim.boot_id == boot_id() and claim.holds(found)):
        return None
    return (
        f"DAMON is set up by somebody else (nr_kdamonds is {len(found)}) and stays as it is; when it is no "
        f"longer wanted: echo off > {damon_sysfs.KDAMONDS}/0/state (and each other), then echo 0 > "
        f"{damon_sysfs.KDAMONDS}/nr_kdamonds"
    )


def _not_of_processes() -> str | None:
    """What a kdamond could watch shows only in one that is set up. To ask must not set one up."""
    with Path("/proc/kallsyms").open(encoding="ascii", errors="replace") as symbols:
        if any(" damon_va_" in line for line in symbols):
            return None
    return (
        "DAMON watches physical addresses only here, which belong to nobody in particular: a kernel with "
        "CONFIG_DAMON_VADDR watches those of processes"
    )
