"""Opens ``STATE/store.db``, and turns every error of SQLite into one sentence.

After an error the connection is dropped and the next call opens it anew, so that a disk with room again,
a directory writable again or a replaced file need no restart.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from llamas_bpf.config import check_owner
from llamas_bpf.errors import ConfigError, LlamasError, MissingError
from llamas_bpf.store.schema import STATEMENTS, VERSION

FILE = "store.db"
_WAIT_S = 1.0
#: With so many in the log, they are brought to their place.
LOG_PAGES = 1000


class StoreError(LlamasError):
    """The store cannot be read or written now; the sentence says why and what to do."""


class Database:
    """One connection, opened when first needed. Writable, it makes directory and tables where missing."""

    def __init__(self, state: Path, *, writable: bool) -> None:
        self.file = state / FILE
        self._writable = writable
        self._connection: sqlite3.Connection | None = None
        self._opened: int | None = None

    @contextmanager
    def transaction(self, *, hurried: bool = False) -> Iterator[sqlite3.Connection]:
        """All or nothing. Raises StoreError; when first opened, also MissingError (another user's) and
        ConfigError (foreign owner).

        ``hurried``: it leaves it to another one to bring what is in the log to its place, which waits for the
        disk.
        """
        try:
            if self._connection is not None and self._inode() != self._opened:
                self.close()
            if self._connection is None:
                self._connection = self._create() if self._writable else self._open()
                self._opened = self._inode()
            if self._writable:
                self._connection.execute(f"PRAGMA wal_autocheckpoint = {0 if hurried else LOG_PAGES}")
            self._connection.execute("BEGIN IMMEDIATE" if self._writable else "BEGIN")
            yield self._connection
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError, ConfigError) as error:
            self.close()
            raise self._named(error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back; what was not committed is dropped."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def damaged(self) -> StoreError:
        """What it holds cannot be read."""
        return StoreError(f"{self.file} is damaged: put it aside (mv {self.file} {self.file}.damaged)")

    def _check_plain(self) -> None:
        """SQLite would wait for ever for a pipe's other end, and follow a link to wherever it leads."""
        status = self.file.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(
                f"{self.file} is not a plain file: put it aside (mv {self.file} {self.file}.odd)"
            )
        check_owner(self.file, status)

    def _inode(self) -> int | None:
        """SQLite would go on writing into a file that has been removed or put aside."""
        try:
            return self.file.stat().st_ino
        except OSError:
            return None

    def _create(self) -> sqlite3.Connection:
        state = self.file.parent
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
            raise StoreError(f"{state}: cannot be made: {error.strerror}: give another --state") from None
        check_owner(state, state.stat())
        if self.file.exists() or self.file.is_symlink():
            self._check_plain()
        # Made here, because SQLite's own would be readable by everyone; its -wal and -shm copy this mode.
        os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        check_owner(self.file, self.file.stat())
        connection = self._connect("rwc")
        try:
            _make_tables(connection)
            self._check_version(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> sqlite3.Connection:
        try:
            check_owner(self.file.parent, self.file.parent.stat())
            self._check_plain()
            size = self.file.stat().st_size
        except FileNotFoundError:
            raise StoreError(f"{self.file}: nothing is kept there yet: run llamas-bpf run first") from None
        connection = self._connect("ro")
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            # A reader needs a -shm file. Where no room or right is left to make one, nobody writes
            # either, so the file itself is all there is, unless a log holds more.
            log = self.file.with_name(f"{FILE}-wal")
            if size == 0 or (log.exists() and log.stat().st_size):
                raise
            connection = self._connect("ro&immutable=1")
        try:
            self._check_version(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.file.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT_S)
        connection.row_factory = sqlite3.Row
        return connection

    def _check_version(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise StoreError(
                f"{self.file} is of a newer llamas-bpf (schema {found}, this one reads {VERSION}): "
                "use that version, or another --state"
            )
        if found == 0:
            raise StoreError(f"{self.file}: nothing is kept there yet: run llamas-bpf run first")

    def _named(self, error: Exception) -> LlamasError:
        """What worked before and fails now may come back: the store's trouble, not the command's end."""
        if self._opened is None:
            if isinstance(error, ConfigError):
                return error
            if isinstance(error, PermissionError) and os.geteuid() != 0:
                return MissingError(f"{error.filename}: permission denied: run it as root, with sudo")
        return StoreError(self._sentence(error))

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, ConfigError):
            return str(error)
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL" or self._no_room():
            return f"{self.file}: no space left on its disk: free some (df {self.file.parent})"
        if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
            return str(self.damaged())
        if name.startswith("SQLITE_BUSY"):
            return f"{self.file}: another process has been writing to it for {_WAIT_S:.0f} s"
        why = error.strerror if isinstance(error, OSError) else error
        return f"{self.file}: {why}: is {self.file.parent} still a directory that root can write?"

    def _no_room(self) -> bool:
        try:
            return os.statvfs(self.file.parent).f_bavail == 0
        except OSError:
            return False


def _make_tables(connection: sqlite3.Connection) -> None:
    # Incremental vacuum can only be chosen before anything else is written.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    # With WAL, a killed controller loses nothing and a power cut at most the last windows.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {4 << 20}")
    connection.execute("BEGIN IMMEDIATE")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found <= VERSION:
        for statement in STATEMENTS:  # a table may be newer than the file
            connection.execute(statement)
    if found == 0:
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
