"""Which addresses of a process are worth watching (proc_pid_maps(5))."""

from collections.abc import Iterator

from llamas_bpf.damon.ranges import Range

#: Mappings of the kernel's own.
_NOT_MEMORY = ("[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[uprobes]")


def of_maps(text: str, most: int) -> list[Range]:
    """The mapped ranges in ascending order, at most ``most``: those with the smallest gaps are joined.

    Reserved address space that nothing may touch (``---p``: arenas of allocators, guard pages, heaps not
    yet in use) is left out: it can be a thousand times the memory, and would take the regions away from it.
    """
    mapped = list(_joined(_mappings(text)))
    if len(mapped) <= most:
        return mapped
    gaps = sorted((mapped[i + 1][0] - mapped[i][1], i) for i in range(len(mapped) - 1))
    kept = sorted(i for _, i in gaps[len(gaps) - (most - 1) :]) if most > 1 else []
    firsts, lasts = [0, *(i + 1 for i in kept)], [*kept, len(mapped) - 1]
    return [(mapped[first][0], mapped[last][1]) for first, last in zip(firsts, lasts, strict=True)]


def _mappings(text: str) -> Iterator[Range]:
    # Not splitlines(): a file's name may hold its other line ends, and the kernel escapes only this one.
    for line in filter(None, text.split("\n")):
        words = line.split(maxsplit=5)
        if words[1].startswith("---") or (len(words) == 6 and words[5] in _NOT_MEMORY):
            continue
        start, _, end = words[0].partition("-")
        yield int(start, 16), int(end, 16)


def _joined(ranges: Iterator[Range]) -> Iterator[Range]:
    """Neighbours become one."""
    last: Range | None = None
    for start, end in ranges:
        if last and last[1] == start:
            last = (last[0], end)
            continue
        if last:
            yield last
        last = (start, end)
    if last:
        yield last
