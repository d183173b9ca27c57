"""Ranges of addresses, virtual or physical: first byte, and the one after the last."""

from collections.abc import Sequence

Range = tuple[int, int]


def size(ranges: Sequence[Range]) -> int:
    """Bytes in these ranges."""
    return sum(end - start for start, end in ranges)


def without(ranges: Sequence[Range], known: Sequence[Range]) -> list[Range]:
    """The parts of ``ranges`` that are not in ``known``; both in ascending order."""
    left = list(ranges)
    for start, end in known:
        left = [
            piece
            for low, high in left
            for piece in ((low, min(high, start)), (max(low, end), high))
            if piece[0] < piece[1]
        ]
    return left


def pieces(ranges: Sequence[Range], largest: int) -> list[Range]:
    """The same addresses in pieces of ``largest`` bytes or less."""
    return [
        (low, min(low + largest, end)) for start, end in ranges for low in range(start, end, max(largest, 1))
    ]
