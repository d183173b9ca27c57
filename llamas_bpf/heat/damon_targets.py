"""Which processes of a workload DAMON watches, and which of their addresses."""

import mmap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llamas_bpf import process_stat
from llamas_bpf.contracts.workload import ProcessId
from llamas_bpf.damon import ranges as addresses
from llamas_bpf.damon.ranges import Range
from llamas_bpf.damon.sysfs import Target
from llamas_bpf.heat import address_ranges

PROCESSES = 4  # of one workload, the largest
_WORTH = 0.1  # of all of them together
_RANGES = 64  # of one workload
_GROWN = 0.02


@dataclass(frozen=True)
class Watched:
    """Processes, and the ranges of each that are watched."""

    processes: tuple[ProcessId, ...]
    ranges: tuple[tuple[Range, ...], ...]

    def resident_bytes(self) -> int:
        return sum(resident_bytes(process) for process in self.processes)

    def is_apt(self, processes: Iterable[ProcessId]) -> bool:
        """Whether this is still most of the workload. Processes that come and go beside are no reason to
        begin anew."""
        sizes = [resident_bytes(process) for process in self.processes]
        best = sum(resident_bytes(process) for process in largest(processes))
        return all(sizes) and sum(sizes) >= best / 2


def resident_bytes(process: ProcessId) -> int:
    """0 when it has ended, even if its pid is another's by now."""
    stat = process_stat.read(process.pid)
    return stat.resident_bytes if stat and stat.start_ticks == process.start_ticks else 0


def largest(processes: Iterable[ProcessId]) -> list[ProcessId]:
    """Those that hold the most memory."""
    sizes = {process: resident_bytes(process) for process in processes}
    least = _WORTH * sum(sizes.values())
    found = sorted(sizes, key=lambda process: -sizes[process])[:PROCESSES]
    return [process for process in found if sizes[process] > 0 and sizes[process] >= least]


def first_watched(processes: Sequence[ProcessId]) -> Watched:
    """All that they have mapped now."""
    return Watched(tuple(processes), tuple(_mapped(process, len(processes)) for process in processes))


def first_targets(watched: Watched, parts: int) -> list[Target]:
    """In so many equal parts, that the first round already tells something."""
    size = _part(watched, parts)
    return _targets(watched.processes, [addresses.pieces(ranges, size) for ranges in watched.ranges])


def grown(watched: Watched, parts: int) -> tuple[Watched, list[Target]] | None:
    """What to watch after memory was mapped; None where that is hardly more.

    Old addresses are given as a whole, which keeps what is known about their regions (damon_set_regions());
    new ones in parts like those of the beginning. What was unmapped may stay: nobody accesses it.
    """
    now = [_mapped(process, len(watched.processes)) for process in watched.processes]
    more = [addresses.without(new, old) for new, old in zip(now, watched.ranges, strict=True)]
    before = sum(map(addresses.size, watched.ranges))
    if not all(now) or sum(map(addresses.size, more)) <= _GROWN * before:
        return None
    part = _part(watched, parts)
    ranges = [
        sorted([*addresses.without(new, added), *addresses.pieces(added, part)])
        for new, added in zip(now, more, strict=True)
    ]
    return replace(watched, ranges=tuple(now)), _targets(watched.processes, ranges)


def _mapped(process: ProcessId, processes: int) -> tuple[Range, ...]:
    try:
        text = Path(f"/proc/{process.pid}/maps").read_bytes().decode(errors="replace")
    except OSError:
        return ()  # it has ended
    return tuple(address_ranges.of_maps(text, _RANGES // processes))


def _part(watched: Watched, parts: int) -> int:
    size = sum(map(addresses.size, watched.ranges)) // parts
    return max(size - size % mmap.PAGESIZE, mmap.PAGESIZE)


def _targets(processes: Sequence[ProcessId], ranges: Sequence[Sequence[Range]]) -> list[Target]:
    return [Target(one.pid, tuple(of_it)) for one, of_it in zip(processes, ranges, strict=True)]
