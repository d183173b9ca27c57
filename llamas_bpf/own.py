"""Which processes are the controller's own: they are in no data, and nothing is done to them."""

import os

_CHILDREN: set[int] = set()


def add(pid: int) -> None:
    """A child that works for us. What we start for others, as ``exec`` and the benchmarks do, is none."""
    _CHILDREN.add(pid)


def remove(pid: int) -> None:
    """It has ended, and been waited for."""
    _CHILDREN.discard(pid)


def holds(pid: int) -> bool:
    """Whether this is us, or works for us."""
    return pid == os.getpid() or pid in _CHILDREN
