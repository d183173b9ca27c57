"""What comes back from a guest: a tar with CMD's exit status and the files it left, not to be trusted."""

import os
import stat
import tarfile
from pathlib import Path

from llamas_bpf.lab.errors import LabError

_LEFT_IN_OUT = "./"  # how the names of what lay in $OUT begin; the lab's own members have no such beginning


def read(archive: Path, into: Path | None) -> int | None:
    """CMD's exit status, or None if the guest never came to write it; its files are unpacked to `into`.

    Raises LabError if the guest could not store the files, if they would land outside `into`, and, once they
    are there, if CMD had to be ended for want of time.
    """
    try:
        return _read(archive, into)
    except (tarfile.TarError, RecursionError, OSError) as error:
        raise LabError(f"the guest's results cannot be read: {error}: run it again") from error


def _read(archive: Path, into: Path | None) -> int | None:
    with tarfile.open(archive, "r:") as tar:
        status = _small_text(tar, "lab-status")
        if status is None:
            return None
        failure = _small_text(tar, "lab-error")
        if failure is not None:
            raise LabError(
                f"the guest could not store what CMD left in $OUT (at most 1 GiB): {failure.strip()}"
            )
        if into is not None:
            _unpack(tar, into)
        if not status.strip().isdecimal():
            raise LabError(f"the guest's exit status is no number but {status[:40]!r}: run it again")
        ended_s = _small_text(tar, "lab-late")
        if ended_s is not None:
            kept = f"; what it had left in $OUT is in {into}" if into is not None else ""
            raise LabError(
                f"CMD was still running after {ended_s.strip()} s, too near its time limit, and was ended: "
                f"raise --timeout, or look for a hang{kept}"
            )
        return int(status)


def _unpack(tar: tarfile.TarFile, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    # Debian 12's Python 3.11.2 is older than the standard filter: there, our own does.
    check = getattr(tarfile, "data_filter", plain_files_only)
    tar.extraction_filter = staticmethod(check)
    for member in tar:
        if not member.name.startswith(_LEFT_IN_OUT):
            continue
        try:
            tar.extract(check(member, str(into)), into)
        except (tarfile.TarError, OSError) as error:
            raise LabError(
                f"the guest's result {member.name!r} was not unpacked to {into}: {error}"
            ) from error


def plain_files_only(member: tarfile.TarInfo, into: str) -> tarfile.TarInfo:
    """Stricter than tarfile's `data` filter: files and directories below `into`, ours, and nothing else."""
    if not (member.isfile() or member.isdir()):
        raise tarfile.ExtractError(f"{member.name!r} is neither a file nor a directory")
    landing = os.path.realpath(os.path.join(into, member.name))  # noqa: PTH118 - Path cannot join as tar does
    if os.path.commonpath([landing, os.path.realpath(into)]) != os.path.realpath(into):
        raise tarfile.ExtractError(f"{member.name!r} would land outside {into}")
    member.uid, member.gid, member.uname, member.gname = os.geteuid(), os.getegid(), "", ""
    member.mode = stat.S_IMODE(member.mode) & 0o755 | (0o700 if member.isdir() else 0o600)
    return member


def _small_text(tar: tarfile.TarFile, name: str) -> str | None:
    try:
        file = tar.extractfile(name)
    except KeyError:
        return None
    return file.read(4096).decode(errors="replace") if file else None
