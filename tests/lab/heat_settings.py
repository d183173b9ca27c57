"""The guest's own settings that decide which source of heat there is; put back after."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAMON = Path("/sys/kernel/mm/damon/admin")
NR_KDAMONDS = DAMON / "kdamonds/nr_kdamonds"
DAMON_STAT = Path("/sys/module/damon_stat/parameters/enabled")
MGLRU = Path("/sys/kernel/mm/lru_gen/enabled")


@contextmanager
def setting(path: Path, value: str) -> Iterator[None]:
    """Where there is such a file."""
    if not path.exists():
        yield
        return
    before = path.read_text()
    path.write_text(value)
    try:
        yield
    finally:
        path.write_text(before)


@contextmanager
def damon_free() -> Iterator[None]:
    """The kernel's own damon_stat, which some kernels start at boot, keeps DAMON for itself."""
    with setting(DAMON_STAT, "N"):
        yield


@contextmanager
def mglru_on() -> Iterator[None]:
    with setting(MGLRU, "y"):
        yield


def tree() -> dict[str, bytes]:
    """Every file of DAMON's that can be read, byte for byte."""
    return {str(path): path.read_bytes() for path in sorted(DAMON.rglob("*")) if path.is_file()}
