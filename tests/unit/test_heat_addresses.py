"""Which addresses of a process are watched."""

from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.damon import ranges as some
from llamas_bpf.damon.ranges import Range
from llamas_bpf.heat import address_ranges

#: Of `python3 -c ...` in a guest, with the arena of a second thread.
MAPS = """\
564ddb4c5000-564ddb4c6000 r--p 00000000 08:01 1234                       /usr/bin/python3.13
564ddb4c6000-564ddb4c7000 r-xp 00001000 08:01 1234                       /usr/bin/python3.13
564ddb4c8000-564ddb4c9000 rw-p 00002000 08:01 1234                       /usr/bin/python3.13
564e0b2c1000-564e0b38f000 rw-p 00000000 00:00 0                          [heap]
7f8a3c000000-7f8a3c021000 rw-p 00000000 00:00 0
7f8a3c021000-7f8a40000000 ---p 00000000 00:00 0
7f8a43a00000-7f8a54200000 rw-p 00000000 00:00 0
7f8a54200000-7f8a54226000 r--p 00000000 08:01 77                         /home/a b/lib c.so (deleted)
7ffd6c9a5000-7ffd6c9c6000 rw-p 00000000 00:00 0                          [stack]
7ffd6c9f3000-7ffd6c9f7000 r--p 00000000 00:00 0                          [vvar]
7ffd6c9f7000-7ffd6c9f9000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
"""

RANGES = st.lists(st.integers(0, 200), unique=True, max_size=24).map(
    lambda ends: list(zip(sorted(ends)[0::2], sorted(ends)[1::2], strict=False))
)


def addresses(ranges: list[Range]) -> set[int]:
    return {address for start, end in ranges for address in range(start, end)}


def test_what_is_mapped() -> None:
    assert address_ranges.of_maps(MAPS, 64) == [
        (0x564DDB4C5000, 0x564DDB4C7000),
        (0x564DDB4C8000, 0x564DDB4C9000),
        (0x564E0B2C1000, 0x564E0B38F000),
        (0x7F8A3C000000, 0x7F8A3C021000),
        (0x7F8A43A00000, 0x7F8A54226000),
        (0x7FFD6C9A5000, 0x7FFD6C9C6000),
    ]


def test_where_there_are_too_many_the_nearest_are_joined() -> None:
    everything = address_ranges.of_maps(MAPS, 64)
    assert address_ranges.of_maps(MAPS, 5) == [(everything[0][0], everything[1][1]), *everything[2:]]
    assert address_ranges.of_maps(MAPS, 1) == [(everything[0][0], everything[-1][1])]


def test_nothing_is_mapped_by_a_thread_of_the_kernel() -> None:
    assert address_ranges.of_maps("", 64) == []


@given(RANGES, RANGES)
def test_what_is_new(ranges: list[Range], known: list[Range]) -> None:
    left = some.without(ranges, known)
    assert addresses(left) == addresses(ranges) - addresses(known)
    assert left == sorted(left)
    assert some.size(left) == len(addresses(left))


@given(RANGES, st.integers(1, 50))
def test_pieces_are_small_and_the_same_addresses(ranges: list[Range], largest: int) -> None:
    found = some.pieces(ranges, largest)
    assert addresses(found) == addresses(ranges)
    assert all(0 < end - start <= largest for start, end in found)
