"""Where a command that writes lines writes them."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from llamas_bpf.errors import LlamasError


def output(out: Path, mode: int = 0o666) -> AbstractContextManager[IO[str]]:
    """``-`` is stdout. ``mode`` is for a file that is made now."""
    if str(out) == "-":
        return nullcontext(sys.stdout)
    try:
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        return os.fdopen(file, "w", encoding="utf-8")
    except OSError as error:
        raise LlamasError(f"{out}: {error.strerror}") from None
