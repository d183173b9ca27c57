"""Every setting that a controller could have touched, byte for byte: of cgroups, machine and threads."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

#: Settings of memory, whatever their names: what is new there is looked at too.
TREES = ("/sys/kernel/mm", "/proc/sys/vm", "/sys/module/zswap/parameters", "/sys/kernel/debug/sched")
FILES = ("/proc/sys/kernel/numa_balancing", "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps")
#: Writable, but no settings: who is in it, what was measured, what starts something.
NO_SETTINGS = ("cgroup.procs", "cgroup.threads", ".pressure", ".peak", "stat_refresh", "full_scans")


def snapshot(cgroups: Iterable[Path], pids: Iterable[int]) -> dict[str, bytes]:
    """By name: files by their paths, threads' masks, policies and nice values by their ids."""
    found: dict[str, bytes] = {}
    for place in (*cgroups, *map(Path, (*TREES, *FILES))):
        found |= {str(path): text for path in _settings(place) if (text := _read(path)) is not None}
    for pid in pids:
        for tid in sorted(int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()):
            found[f"thread {tid}"] = repr(
                (
                    sorted(os.sched_getaffinity(tid)),
                    os.sched_getscheduler(tid),
                    os.getpriority(os.PRIO_PROCESS, tid),
                )
            ).encode()
    return found


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, tuple[bytes | None, ...]]:
    """What is not byte for byte the same, or not there in one of them."""
    names = sorted(before.keys() | after.keys())
    return {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }


def _settings(place: Path) -> Iterator[Path]:
    """Files that can be read and written; a cgroup's own, not those of cgroups below it."""
    if place.is_file():
        yield place
    deep = str(place) in TREES
    for directory, below, names in os.walk(place):
        if not deep:
            below.clear()
        for name in sorted(names):
            path = Path(directory, name)
            mode = path.lstat().st_mode
            both = stat.S_ISREG(mode) and mode & 0o200 and mode & 0o400
            if both and not name.endswith(NO_SETTINGS):
                yield path


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None  # such as a file that is only there to be written, whatever its mode says
