"""Whether DAMON can watch processes here. All of this only reads."""

from pathlib import Path

from llamas_bpf.damon import availability


def why_not() -> str | None:
    """What keeps DAMON from being used, found without a change to anything."""
    return availability.why_not() or _not_of_processes()


def _not_of_processes() -> str | None:
    """What a kdamond could watch shows only in one that is set up. To ask must not set one up."""
    with Path("/proc/kallsyms").open(encoding="ascii", errors="replace") as symbols:
        if any(" damon_va_" in line for line in symbols):
            return None
    return (
        "DAMON watches physical addresses only here, which belong to nobody in particular: a kernel with "
        "CONFIG_DAMON_VADDR watches those of processes"
    )
