"""/sys/kernel/debug/lru_gen: pages of each memory cgroup by how lately they were used.

Documentation/admin-guide/mm/multigen_lru.rst, "Experimental features".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENABLED = Path("/sys/kernel/mm/lru_gen/enabled")
LRU_GEN = Path("/sys/kernel/debug/lru_gen")

#: The id of cgroups that were removed while pages were still charged to them; they keep their names.
GONE = 0

#: Bits of ``enabled``: the whole, and finding used pages by walking through page tables.
MAIN_SWITCH, PAGE_TABLE_WALK = 0x1, 0x2


@dataclass(frozen=True)
class Generation:
    """``age_ms`` is since its birth. Anonymous pages and those of files."""

    number: int
    age_ms: int
    pages: int


@dataclass(frozen=True)
class Lruvec:
    """One memory cgroup's pages on one node, oldest generation first. ``memcg`` is the id of this file."""

    memcg: int
    cgroup: str
    node: int
    generations: tuple[Generation, ...]


def read() -> str:
    """The file as it is: a cgroup's name may hold any line end but the one that ends a line."""
    return LRU_GEN.read_bytes().decode(errors="surrogateescape")


def parse(text: str, wanted: frozenset[str]) -> Iterator[Lruvec]:
    """Those of these cgroups and of all below them. There may be thousands: others are only passed over.

    A cgroup's name is anybody's to choose, and may be "memcg 1 /"; but no line can begin within it.
    """
    for part in f"\n{text}".split("\nmemcg ")[1:]:
        title, _, rest = part.partition("\n")
        number, _, path = title.strip().partition(" ")
        if int(number) == GONE:
            continue
        if wanted.isdisjoint(_at_or_above(path.strip())):
            continue
        for block in rest.split(" node ")[1:]:
            node, *lines = block.split("\n")
            rows = [line.split() for line in lines if line.strip()]
            yield Lruvec(int(number), path.strip(), int(node), tuple(_generation(*row) for row in rows))


def age(lruvec: Lruvec) -> None:
    """Look which pages were used, put those into the youngest generation, and begin a younger one.

    No page moves, none is given back, and what every page counts for among the others stays known. It is a
    write all the same, and it cannot be taken back: see mglru.py for where it is allowed.
    """
    youngest = lruvec.generations[-1].number
    # can_swap 1: anonymous pages too. force_scan 1: all page tables, not only those that were promising.
    LRU_GEN.write_text(f"+ {lruvec.memcg} {lruvec.node} {youngest} 1 1\n", encoding="ascii")


def _generation(number: str, age_ms: str, anon: str, file: str) -> Generation:
    # The kernel counts per CPU and prints what it has, which may be below zero for a moment ("-0" too).
    return Generation(int(number), int(age_ms), max(int(anon), 0) + max(int(file), 0))


def _at_or_above(path: str) -> Iterator[str]:
    yield path
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path
