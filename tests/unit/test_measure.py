"""How much memory it takes to measure memory, and not caches."""

import pytest

from llamas_bpf.contracts.machine import Cache
from llamas_bpf.machine.measure import in_front

MIB = 1 << 20


def cache(level: int, mib: int, *cpus: int) -> Cache:
    return Cache(level=level, kind="unified", size_bytes=mib * MIB, cpus=cpus)


#: Two chiplets with a cache each, and one more on another node.
CHIPLETS = (
    *(cache(2, 1, cpu) for cpu in range(6)),
    cache(3, 32, 0, 1),
    cache(3, 32, 2, 3),
    cache(3, 32, 4, 5),
)


@pytest.mark.parametrize(
    ("cpus", "mib"),
    [([0, 1, 2, 3], 64), ([0, 1], 32), ([5], 32), ([0, 2, 4], 96), ([9], 0)],
)
def test_what_cpus_stream_together_could_hide_in_all_of_their_last_caches(cpus: list[int], mib: int) -> None:
    assert in_front(CHIPLETS, cpus) == mib * MIB
    assert in_front((), cpus) == 0
