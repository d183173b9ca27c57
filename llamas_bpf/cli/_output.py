"""Where a command that writes lines writes them."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from llamas_bpf.errors import LlamasError


def output(out: Path) -> AbstractContextManager[IO[str]]:
    """``-`` is stdout."""
    if str(out) == "-":
        return nullcontext(sys.stdout)
    return _opened(out, os.O_CREAT | os.O_TRUNC)


@contextmanager
def private(out: Path) -> Iterator[IO[str]]:
    """``-`` is stdout. A file is whole and nobody else's, or it is not there: it takes its name at the end.

    Raises LlamasError for a link: as root, what it leads to could be anybody's choice.
    """
    if str(out) == "-":
        yield sys.stdout
    elif out.is_symlink():
        raise LlamasError(
            f"{out} is a link, which is not followed: give --out the file itself, or - for stdout"
        )
    elif out.exists() and not out.is_file():  # such as a pipe: it keeps its name
        with _opened(out, os.O_NOFOLLOW) as file:
            yield file
    else:
        with _replacing(out) as file:
            yield file


def _opened(out: Path, flags: int) -> IO[str]:
    try:
        file = os.open(out, os.O_WRONLY | os.O_CLOEXEC | flags, 0o666)
        return os.fdopen(file, "w", encoding="utf-8")
    except OSError as error:
        raise LlamasError(f"{out}: {error.strerror}") from None


@contextmanager
def _replacing(out: Path) -> Iterator[IO[str]]:
    try:
        number, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")  # 0600
    except OSError as error:
        raise LlamasError(f"{out}: {error.strerror}") from None
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            yield file
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
