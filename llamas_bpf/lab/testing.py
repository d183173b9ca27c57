"""The lab's tests in a guest: what they said and how they ended comes back."""

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from llamas_bpf.lab import junit
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.run import Guest, run_in_guest

GUEST_FAILED = 125  # not pytest's own

_JUNIT, _OUTPUT, _RELEASE = "junit.xml", "output.txt", "release"
# Of the plugins that are installed only one is used; to find and load the others takes a guest ten seconds.
_COMMAND = (
    "uname -r >$OUT/release; export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1; "
    "exec python3 -m pytest -p pytest_timeout -p no:cacheprovider --junit-xml=$OUT/junit.xml "
    '-o testpaths=tests/lab "$@"'  # for words that name no file: the others are for a host
)


@dataclass(frozen=True)
class GuestReport:
    """How the tests went in one guest."""

    guest: Guest
    release: str | None  # `uname -r`; None if the guest never told
    counts: junit.Counts
    status: int  # pytest's; GUEST_FAILED where it was the guest
    trouble: str | None  # why there are no counts, or not all
    seconds: float


class Copies(RawIOBase):
    """Writes the same to several files."""

    def __init__(self, *files: BinaryIO) -> None:
        super().__init__()
        self._files = files

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        for file in self._files:
            file.write(data)
            file.flush()
        return len(data)


def run_tests(
    guest: Guest,
    words: Sequence[str],
    out: Path,
    progress: Callable[[str], None],
    show: bool = True,
) -> GuestReport:
    """Run pytest with these words in a guest; `out` receives junit.xml and output.txt.

    What the tests say is shown live on standard error and output, or not. A guest that does not end as it
    should is a result too. Raises LabError if another run is writing to `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        return _run_tests(guest, words, out, progress, show)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Two runs at once would take each other's results for their own."""
    folder = os.open(out, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise LabError(f"another run is writing to {out}: wait for it, or give another --out") from None
    finally:
        os.close(folder)


def _run_tests(
    guest: Guest, words: Sequence[str], out: Path, progress: Callable[[str], None], show: bool
) -> GuestReport:
    for name in (_JUNIT, _OUTPUT, _RELEASE):
        (out / name).unlink(missing_ok=True)
    started, trouble, status = time.monotonic(), None, GUEST_FAILED
    counts = junit.Counts(0, (), {})
    with ExitStack() as stack:
        kept = stack.enter_context((out / _OUTPUT).open("wb"))
        sinks = [cast(BinaryIO, Copies(kept, *([live] if show else []))) for live in _live()]
        try:
            argv = ["sh", "-c", _COMMAND, "pytest", *words]
            status = run_in_guest(argv, guest, out=out, sinks=(sinks[0], sinks[1]), progress=progress)
            counts = junit.read(out / _JUNIT)
        except LabError as error:
            trouble = str(error)
            status = status or GUEST_FAILED
            kept.write(f"\nlab: {error}\n".encode())
    if status and not trouble and not counts.failed:
        trouble = f"pytest ended with status {status}: see the end of {out / _OUTPUT}"
    release = (
        (out / _RELEASE).read_text(errors="replace")[:100].strip() if (out / _RELEASE).is_file() else None
    )
    return GuestReport(guest, release, counts, status, trouble, time.monotonic() - started)


def _live() -> tuple[BinaryIO, BinaryIO]:
    # A caller with --json has its own use for standard output.
    return (getattr(sys.stdout, "buffer", BytesIO()), getattr(sys.stderr, "buffer", BytesIO()))
