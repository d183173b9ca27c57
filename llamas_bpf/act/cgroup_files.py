"""A file of one particular cgroup, reached so that no symbolic link and no ``..`` can lead elsewhere."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from llamas_bpf.act.errors import Gone, explained
from llamas_bpf.contracts.action import CgroupController, CgroupKnob, CgroupReclaim
from llamas_bpf.contracts.machine import Machine

#: A file of a cgroup that is removed while it is open answers ENODEV (kernfs; cgroup_kn_lock_live()).
_GONE = (errno.ENOENT, errno.ESRCH, errno.ENODEV)

OfCgroup = CgroupKnob | CgroupController | CgroupReclaim


class CgroupFiles:
    """Reads and writes below the cgroup v2 mount of ``machine``."""

    def __init__(self, machine: Machine) -> None:
        self._mount = machine.cgroup_mount

    def read(self, target: OfCgroup, name: str) -> str:
        """Without the final newline."""
        with self._file(target, name, os.O_RDONLY) as file:
            return os.read(file, 1 << 16).decode("ascii").rstrip("\n")

    def write(self, target: OfCgroup, name: str, value: str, flags: int = 0) -> None:
        """An empty value is written as a newline: the kernel never sees a write of no bytes."""
        with explained(target):
            text = (value or "\n").encode("ascii")
        with self._file(target, name, os.O_WRONLY | os.O_TRUNC | flags) as file:
            os.write(file, text)

    def above(self, target: OfCgroup) -> list[tuple[str, int]]:
        """Path and id of each cgroup above it, from the mount down."""
        names = target.cgroup.strip("/").split("/")
        paths = ["/" + "/".join(names[:depth]) for depth in range(len(names))]
        with explained(target):
            return [(path, os.lstat(f"{self._mount}{path}").st_ino) for path in paths]

    def children(self, target: OfCgroup) -> list[tuple[str, int]]:
        """Path and id of each cgroup right below it."""
        with explained(target, _GONE), self._directory(target) as directory, os.scandir(directory) as found:
            below = [(entry.name, entry.inode()) for entry in found if entry.is_dir(follow_symlinks=False)]
        return [(f"{target.cgroup.rstrip('/')}/{name}", number) for name, number in below]

    @contextmanager
    def _file(self, target: OfCgroup, name: str, flags: int) -> Iterator[int]:
        with explained(target, _GONE), self._directory(target) as directory:
            file = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
            try:
                yield file
            finally:
                os.close(file)

    @contextmanager
    def _directory(self, target: OfCgroup) -> Iterator[int]:
        """The cgroup's directory. Its inode number is the cgroup's id (kernfs), never given out again."""
        if self._mount is None:
            raise Gone("cgroup v2 is not mounted")
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        directory = os.open(self._mount, flags)
        try:
            device = os.fstat(directory).st_dev
            for part in filter(None, target.cgroup.split("/")):
                if part in (".", ".."):
                    raise Gone(f"{target.cgroup!r} is not a cgroup's own path")
                below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=directory)
                os.close(directory)
                directory = below
            status = os.fstat(directory)
            if (status.st_dev, status.st_ino) != (device, target.cgroup_id):
                raise Gone("the cgroup was removed, and another one of the same name is there now")
            yield directory
        finally:
            os.close(directory)
