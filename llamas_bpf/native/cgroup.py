"""From a cgroup's id, as BPF programs tell it, to its path."""

import os
from pathlib import Path

from llamas_bpf.native.probe import load_binding


def path_of(mount: Path, cgroup_id: int) -> str | None:
    """The path below ``mount``, starting with ``/``; None where there is no such cgroup any more.

    Raises ``PermissionError`` without CAP_DAC_READ_SEARCH.
    """
    _, lib = load_binding()
    mounted = os.open(mount, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found: int = lib.cgroup_open(mounted, cgroup_id)
    finally:
        os.close(mounted)
    if found < 0:
        error = OSError(-found, os.strerror(-found), str(mount))
        if isinstance(error, PermissionError):
            raise error
        return None
    try:
        path = os.readlink(f"/proc/self/fd/{found}")  # noqa: PTH115
    finally:
        os.close(found)
    prefix = str(mount).rstrip("/")
    return "/" + path[len(prefix) :].strip("/") if path.startswith(prefix) else None
