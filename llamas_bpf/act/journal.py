"""``STATE/journal.jsonl``: what is about to be changed, on disk before it is; enough to put everything back.

Only its end may be damaged: a last line without its newline was never promised to anybody. Any other line
that is not as written here makes the whole journal worthless, and then nothing is written to the kernel.
"""

import errno
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from llamas_bpf.act import holds
from llamas_bpf.act.entries import ENTRY, Entry, Intent
from llamas_bpf.act.errors import JournalError
from llamas_bpf.config import check_owner
from llamas_bpf.errors import ConfigError
from llamas_bpf.shown import figure, plain

NAME = "journal.jsonl"
LONG_BYTES = 1 << 20
#: Far more than any that could not be shortened for a while; of a larger one not even the reading is safe.
LARGEST_BYTES = 256 << 20


class Journal:
    """``holds`` is what is in force, as read at opening and kept up to date since.

    ``sync_s`` is how long its appends have waited for the disk so far.
    """

    def __init__(self, state: Path) -> None:
        """Opens, or makes, the journal in ``state``. Raises JournalError if it cannot be trusted or used."""
        self.path = state / NAME
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
            try:
                check_owner(state, os.fstat(self._directory))
                self._file = self._open(NAME, os.O_CREAT)
                os.fsync(self._directory)
            except BaseException:
                os.close(self._directory)
                raise
        except OSError as error:
            what = "is a symbolic link" if error.errno == errno.ELOOP else error.strerror
            raise JournalError(f"{self.path}: cannot be used as a journal: {what}") from error
        except ConfigError as error:
            raise JournalError(str(error)) from None
        self._long = LONG_BYTES
        self._torn = True  # for all that is known, the file goes on behind the last whole line
        self.sync_s = 0.0
        try:
            self.holds, self._end = self._read()
        except BaseException:
            self.close()
            raise

    def announce(self, intents: Sequence[Intent]) -> None:
        """Put all of them on disk at once. JournalError means that none is there: write nothing."""
        if self._end > LARGEST_BYTES // 2:
            raise JournalError(f"{self.path}: cannot be shortened: look why {NAME}.new cannot be written")
        self._append(intents, durable=True)

    def note(self, entries: Sequence[Entry], durable: bool = False) -> str:
        """Say what became of intents; gives a sentence if that could not be written.

        Losing such an entry is harmless: the intent is on disk, and putting back twice is putting back once.
        """
        try:
            self._append(entries, durable)
        except JournalError as error:
            for entry in entries:
                holds.add(self.holds, entry)
            return str(error)
        return ""

    @property
    def is_long(self) -> bool:
        """Whether compacting is worth its while although something is in force."""
        return self._end >= self._long

    def compact(self) -> None:
        """Rewrite the file, atomically, with what is in force: nothing, or little of something long."""
        if self._end == 0 or (self.holds and not self.is_long):
            return
        temporary = NAME + ".new"
        file = None
        try:
            file = self._open(temporary, os.O_CREAT | os.O_TRUNC)
            text = _lines(holds.as_entries(self.holds))
            _write_all(file, text)
            os.fsync(file)
            os.rename(temporary, NAME, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        except (OSError, ConfigError):
            if file is not None:
                os.close(file)
            return  # the longer journal says the same
        os.close(self._file)
        self._file, self._end, self._long = file, len(text), max(LONG_BYTES, 2 * len(text))
        self._torn = False
        with suppress(OSError):  # the name is the new file's now, whatever the disk says of it
            os.fsync(self._directory)

    def close(self) -> None:
        """What is in force stays on disk."""
        os.close(self._file)
        os.close(self._directory)

    def _open(self, name: str, flags: int) -> int:
        flags |= os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(name, flags, 0o600, dir_fd=self._directory)
        try:
            self._check(os.fstat(file))
        except ConfigError:
            os.close(file)
            raise
        return file

    def _check(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise JournalError(f"{self.path} is not a plain file of its own: rm {self.path}")
        check_owner(self.path, status)

    def _read(self) -> tuple[holds.Holds, int]:
        size = os.fstat(self._file).st_size
        if size > LARGEST_BYTES:
            raise JournalError(
                f"{self.path}: {figure('_bytes', size)} is larger than any that is written here; nothing was"
                f" changed. Look at what it says, set those knobs by hand, then: rm {self.path}"
            )
        with os.fdopen(os.dup(self._file), "rb") as file:
            text = file.read()
        end = text.rfind(b"\n") + 1
        found: holds.Holds = {}
        for number, line in enumerate(text[:end].split(b"\n")[:-1], start=1):
            try:
                holds.add(found, ENTRY.validate_json(line))
            except ValidationError as error:
                raise JournalError(
                    f"{self.path}: line {number} is not ours: {plain(error.errors()[0]['msg'], 200)}; nothing"
                    f" was changed. Look at what it says, set those knobs by hand, then: rm {self.path}"
                ) from None
        return found, end

    def _append(self, entries: Sequence[Entry], durable: bool) -> None:
        text = _lines(entries)
        try:
            # What is torn, or another's, would spoil the line that follows it.
            if self._torn or os.fstat(self._file).st_size != self._end:
                os.ftruncate(self._file, self._end)
                os.lseek(self._file, self._end, os.SEEK_SET)
            self._torn = True
            _write_all(self._file, text)
            if durable:
                start = time.perf_counter()
                os.fdatasync(self._file)
                self.sync_s += time.perf_counter() - start
        except OSError as error:
            raise JournalError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._end += len(text)
        self._torn = False
        for entry in entries:
            holds.add(self.holds, entry)


def _lines(entries: Sequence[Entry]) -> bytes:
    return b"".join(entry.model_dump_json().encode() + b"\n" for entry in entries)


def _write_all(file: int, text: bytes) -> None:
    while text:
        text = text[os.write(file, text) :]
