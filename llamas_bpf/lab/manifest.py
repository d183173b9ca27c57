"""The SHA-256 of every file below a directory, kept in it: whether anything there has changed since."""

import errno
import hashlib
import json
import os
from pathlib import Path

_NAME = "MANIFEST.json"
_CHUNK_BYTES = 1 << 20


def write(place: Path) -> None:
    """Note what is there now."""
    (place / _NAME).write_text(json.dumps({"files": _hashes(place)}, indent=1))


def agrees(place: Path) -> bool:
    """Whether there are exactly the files that were noted, unchanged."""
    try:
        noted = json.loads((place / _NAME).read_text())
        return bool(noted["files"] == _hashes(place))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _hashes(place: Path) -> dict[str, str]:
    """Path below `place` -> what it holds, for every file and link but the manifest."""
    found = {}
    for folder, folders, names in os.walk(place):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in [*names, *links]:
            path = Path(folder, name)
            found[str(path.relative_to(place))] = (
                f"-> {path.readlink()}" if path.is_symlink() else _hash(path)
            )
    found.pop(_NAME, None)
    return found


def _hash(path: Path) -> str:
    """SHA-256 over the size and every chunk that is not all zeros: the holes of disk images cost nothing."""
    zeros = bytes(_CHUNK_BYTES)
    with path.open("rb", buffering=0) as file:
        size, offset = os.fstat(file.fileno()).st_size, 0
        digest = hashlib.sha256(str(size).encode())
        while (offset := _next_data(file.fileno(), offset, size)) < size:
            offset -= offset % _CHUNK_BYTES
            chunk = os.pread(file.fileno(), _CHUNK_BYTES, offset)
            if chunk != zeros[: len(chunk)]:
                digest.update(b"@%d:" % offset)
                digest.update(chunk)
            offset += _CHUNK_BYTES
    return digest.hexdigest()


def _next_data(file: int, offset: int, size: int) -> int:
    """The first offset from here on that is not in a hole, or `size`."""
    try:
        return os.lseek(file, offset, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return size
