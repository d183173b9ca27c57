"""What watching with DAMON writes to its sysfs files.

Only `act/` changes how the kernel treats memory. What is written here changes nothing about anybody's memory:
it lets kernel threads (kdamonds) of our own look at the accessed bits of pages, with schemes whose action is
``stat``, which counts and does nothing (Documentation/mm/damon/design.rst, "Operation Action").
Each kdamond watches one workload, so that a change in one does not make the others begin anew.
"""

from collections.abc import Sequence

from llamas_bpf.damon import sysfs
from llamas_bpf.damon.sysfs import Attributes, Pattern, Target

#: Fixed addresses, which we choose ourselves: with "vaddr" the kernel would add all gaps but two.
OPERATIONS = "fvaddr"


def set_up(number: int, attributes: Attributes, patterns: Sequence[Pattern]) -> None:
    """Have a kdamond, which is off, count what matches these."""
    sysfs.watch(number, OPERATIONS, attributes)
    schemes = sysfs.context(number) / "schemes"
    sysfs.write(schemes / "nr_schemes", len(patterns))
    for index, pattern in enumerate(patterns):
        sysfs.write(schemes / str(index) / "action", "stat")
        # Else a reader would wait for the end of a round (usage.rst, "apply_interval_us").
        sysfs.write(schemes / str(index) / "apply_interval_us", attributes.check_us)
        sysfs.match(schemes / str(index), pattern)


def start(number: int, targets: Sequence[Target]) -> None:
    """Let it watch these processes."""
    with sysfs.TURN:
        sysfs.describe(number, targets)
        sysfs.command(number, "on")


def change(number: int, targets: Sequence[Target]) -> None:
    """Give the same processes other addresses; what was found about those that stay is kept."""
    with sysfs.TURN:
        sysfs.describe(number, targets)
        sysfs.command(number, "commit")


def matched_bytes(number: int, patterns: int) -> list[int]:
    """How many bytes each pattern matches now."""
    sysfs.command(number, "update_schemes_tried_bytes")
    schemes = sysfs.context(number) / "schemes"
    return [int(sysfs.read(schemes / str(index) / "tried_regions/total_bytes")) for index in range(patterns)]
