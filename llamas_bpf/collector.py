"""Python's collector of cycles, kept out of a window's way: a full collection takes tens of milliseconds."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def set_aside() -> None:
    """What is there now stays until the process ends, and is never looked through again."""
    gc.collect()
    gc.freeze()


@contextmanager
def paused() -> Iterator[None]:
    """What becomes garbage meanwhile is collected after it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
