"""The advisor's own database, which outlives it: recall and archival storage, and the state of its context.

This process alone uses it. What is damaged is put aside, and said in ``notes``: a memory can be lost, the
advisor goes on.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llamas_bpf.advise.context.archival import Archival
from llamas_bpf.advise.context.recall import Recall
from llamas_bpf.advise.context.tables import STATEMENTS, VERSION

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")
_DAMAGED_WORDS = ("malformed", "not a database", "no such table", "no such column")
_BESIDE = ("", "-wal", "-shm")


class StorageError(Exception):
    """It cannot be read or written now: the sentence says why."""


class Memory:
    """``notes``: a sentence for everything that went wrong and was dealt with, oldest first."""

    def __init__(self, path: Path, keep_bytes: int) -> None:
        self.path = path
        self.notes: list[str] = []
        self._db: sqlite3.Connection | None = None
        self.recall = Recall(self.transaction, keep_bytes)
        self.archival = Archival(self.transaction, keep_bytes // 4)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Raises StorageError."""
        try:
            db = self._db = self._db or self._open()
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.close()
            if _is_damage(error):
                self._put_aside(str(error))
            raise StorageError(f"{self.path}: {error}") from None
        except BaseException:
            self.close()
            raise

    def load(self, key: str) -> Any:
        """What was kept under ``key``; None where there is nothing that can be read."""
        with self.transaction() as db:
            row = db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        with contextlib.suppress(ValueError):
            return json.loads(row[0]) if row else None
        return None

    def keep(self, key: str, value: Any) -> None:
        """Keep ``value``, as JSON, instead of what was there."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, json.dumps(value)))

    def check(self) -> None:
        """At start: put aside what is damaged. Raises StorageError where no database can be had."""
        with contextlib.suppress(StorageError), self.transaction() as db:
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            _check_sound(found)
        with self.transaction():
            pass

    def close(self) -> None:
        """Give the connection back; what was not committed is dropped."""
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()

    def _open(self) -> sqlite3.Connection:
        # Made here, because SQLite's own would be readable by everyone.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        os.close(os.open(self.path, flags, 0o600))
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            # A prepared file is not to run what it likes through triggers and views.
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA journal_size_limit = {4 << 20}")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                _make_tables(db)
            _check_version(version)
        except BaseException:
            db.close()
            raise
        return db

    def _put_aside(self, why: str) -> None:
        """The next transaction begins a new file."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        for ending in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{ending}").replace(f"{aside}{ending}")
        self.notes.append(f"the model's memory was damaged ({why}): put aside as {aside}, a new one begins")
        self.recall.forget_count()


def _is_damage(error: Exception) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(_DAMAGED) or any(words in str(error) for words in _DAMAGED_WORDS)


def _make_tables(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    for statement in STATEMENTS:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _check_version(found: int) -> None:
    if found not in (0, VERSION):
        raise sqlite3.DatabaseError(f"file is not a database of this version ({found})")


def _check_sound(found: str) -> None:
    if found != "ok":
        raise sqlite3.DatabaseError(f"database disk image is malformed: {found}")
