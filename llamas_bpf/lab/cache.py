"""What the lab builds once: one directory per recipe, checked before every use.

An entry is named by its kind and the hash of its recipe, is built beside its final place and renamed into it,
and carries a manifest of its files' SHA-256. Whoever uses an entry holds its lock shared; whoever builds or
removes it holds it alone. So two runs may start at once, and nothing vanishes under a running guest. What is
built here to be kept elsewhere has a lock too.
"""

import fcntl
import hashlib
import inspect
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from llamas_bpf.lab import manifest
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.places import cache_root

_UNFINISHED = ".building"
_LOCK = ".lock"

Talk = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """One cached thing, for `lab status`."""

    name: str
    size_bytes: int  # as stored, holes not counted


@contextmanager
def entry(
    kind: str, recipe: Mapping[str, object], build: Callable[[Path], None], talk: Talk
) -> Iterator[Path]:
    """The directory that `build` filled for this recipe; built now if it is missing or damaged.

    Yields it locked against removal. Raises LabError if it cannot be built.
    """
    place = cache_root() / f"{kind}-{digest(recipe)[:16]}"
    with _lock_file(place) as lock:
        _wait(lock, fcntl.LOCK_SH, place, talk)
        while not manifest.agrees(place):
            # A shared lock turns exclusive only by letting go in between: look again once alone.
            _wait(lock, fcntl.LOCK_EX, place, talk)
            if not manifest.agrees(place):
                _build(place, build, talk)
            _wait(lock, fcntl.LOCK_SH, place, talk)
        yield place


@contextmanager
def alone(name: str, talk: Talk) -> Iterator[Path]:
    """An empty directory to build in what is kept elsewhere, for one run at a time; gone afterwards."""
    place = cache_root() / name
    unfinished = place.with_name(name + _UNFINISHED)
    with _lock_file(place) as lock:
        _wait(lock, fcntl.LOCK_EX, place, talk)
        shutil.rmtree(unfinished, ignore_errors=True)  # a killed build's
        unfinished.mkdir()
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def lock_of(place: Path) -> Path:
    """Whoever holds this file locked, shared, keeps the entry from being removed (flock(1) can)."""
    return place.with_name(place.name + _LOCK)


def digest(recipe: Mapping[str, object]) -> str:
    """What tells two recipes apart."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def code(*modules: ModuleType) -> list[str]:
    """For a recipe: the text of the modules whose code determines the result."""
    return [inspect.getsource(module) for module in modules]


def entries() -> list[Entry]:
    """Everything in the cache, by name; what a broken build left behind included."""
    found = (path for path in sorted(cache_root().iterdir()) if path.is_dir())
    return [Entry(path.name, _stored_bytes(path)) for path in found]


def clean(talk: Talk) -> None:
    """Remove every entry that no run is using, and what else was noted; the lock files stay.

    Raises LabError, after all the others, if one could not be removed.
    """
    failures: list[str] = []
    for path in sorted(cache_root().iterdir()):
        if path.is_dir():
            try:
                _remove(path, talk)
            except OSError as error:
                failures.append(f"{path} was not removed: {error.strerror}: remove it as root")
        elif path.suffix != _LOCK:
            path.unlink(missing_ok=True)
    if failures:
        raise LabError("\n".join(failures))


def _remove(path: Path, talk: Talk) -> None:
    with _lock_file(path.with_name(path.name.removesuffix(_UNFINISHED))) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            talk(f"{path.name} is in use: kept")
            return
        shutil.rmtree(path)
        talk(f"{path.name} removed")


@contextmanager
def _lock_file(place: Path) -> Iterator[int]:
    # Lock files are never removed: removing one while another run waits on it would let both in.
    lock = os.open(lock_of(place), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _wait(lock: int, how: int, place: Path, talk: Talk) -> None:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        talk(f"waiting for another run, which is building or using {place.name}")
        fcntl.flock(lock, how)


def _build(place: Path, build: Callable[[Path], None], talk: Talk) -> None:
    if place.exists():
        talk(f"{place.name} is damaged: building it again")
        shutil.rmtree(place)
    unfinished = place.with_name(place.name + _UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        build(unfinished)
        manifest.write(unfinished)
        unfinished.rename(place)
    except OSError as error:
        raise LabError(
            f"cannot build {place}: {error}; it needs 1 GB of room (XDG_CACHE_HOME moves it)"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _stored_bytes(path: Path) -> int:
    """Of what is there: files come and go while it is built."""
    total = 0
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            with suppress(FileNotFoundError):
                total += Path(folder, name).lstat().st_blocks * 512
    return total
