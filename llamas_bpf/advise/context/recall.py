"""Recall storage: what was seen, decided and said, within a bound; the oldest digests are dropped first."""

import json
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from llamas_bpf.advise.context import fulltext
from llamas_bpf.as_json import Json

#: What is dropped first, where digests alone do not make room.
_DROPPED = (
    ("situation", "step", "result", "warning", "note", "summary", "left_out"),
    ("action", "restored", "refusal"),
    ("hint", "verdict"),
)
#: What the model did, and was given, has the words that it searched for: after all else that has them.
_ORDER = "entries.kind IN ('step', 'result'), rank"
_BATCH, _BATCHES = 50, 20
_VACUUM_PAGES = 250
_LAST = 64

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class When:
    """``run`` counts the controller's starts, ``window`` its windows; ``at_s`` is since the epoch."""

    run: int
    window: int
    at_s: float


class Recall:
    """Its methods raise StorageError."""

    def __init__(self, transaction: Transaction, keep_bytes: int) -> None:
        self._transaction = transaction
        self._keep_bytes = keep_bytes
        self._count: int | None = None

    def add_window(
        self, when: When, records: list[Json], events: Sequence[tuple[str, str | None, str | None, str]]
    ) -> None:
        """A digest's records, and events as ``(kind, workload, name, text)``."""
        who = " ".join(f"{record.get('id')} {record.get('name')}" for record in records)
        text = f"window {when.window}: {who}"
        body = zlib.compress(json.dumps(records).encode(), 1)
        with self._transaction() as db:
            row = (when.run, when.window, when.at_s, text, body)
            added = db.execute(
                "INSERT INTO digests (run, window, at_s, text, body) VALUES (?, ?, ?, ?, ?)", row
            )
            fulltext.index(db, "digests", added.lastrowid or 0, text)
            for kind, workload, name, line in events:
                _add(db, when, kind, line, workload, name)
            self._grown(db, 1 + len(events))

    def add(self, when: When, kind: str, text: str) -> None:
        """A message or a summary."""
        with self._transaction() as db:
            _add(db, when, kind, text)
            self._grown(db, 1)

    def search(self, query: str) -> tuple[list[Row], int]:
        """The best entries, best first, and how many match; where none does, windows by who is in them."""
        with self._transaction() as db:
            found, total = fulltext.search(db, "entries", query, _ORDER)
            return (found, total) if found else fulltext.search(db, "digests", query)

    def about(self, run: int, workload: str, name: str | None) -> list[Row]:
        """The last events of a workload, newest first; of earlier runs, those of that name."""
        with self._transaction() as db:
            return db.execute(
                "SELECT * FROM (SELECT * FROM entries WHERE run = ? AND workload = ?"
                " UNION SELECT * FROM entries WHERE name = ? AND run <> ?) ORDER BY id DESC LIMIT ?",
                (run, workload, name, run, _LAST),
            ).fetchall()

    def name_of(self, run: int, workload: str) -> str | None:
        """As it was last told, quoted; None where it never was."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT name FROM entries WHERE run = ? AND workload = ? AND name IS NOT NULL"
                " ORDER BY id DESC LIMIT 1",
                (run, workload),
            ).fetchone()
            if row:
                return str(row["name"])
            row = db.execute(
                "SELECT body FROM digests_text JOIN digests ON digests.id = digests_text.rowid"
                " WHERE digests_text MATCH ? AND run = ? ORDER BY digests.id DESC LIMIT 1",
                (f'"{workload}"', run),
            ).fetchone()
        record = _record(row["body"], workload) if row else None
        return str(record["name"]) if record else None

    def windows_of(self, run: int, workload: str) -> list[tuple[int, Json]]:
        """Windows with a workload's records, newest first: the last ones, and of all before some."""
        with self._transaction() as db:
            found = db.execute(
                "SELECT digests.id FROM digests_text JOIN digests ON digests.id = digests_text.rowid"
                " WHERE digests_text MATCH ? AND run = ? ORDER BY digests.id DESC",
                (f'"{workload}"', run),
            )
            ids = [row[0] for row in found]
            older = ids[_LAST:]
            chosen = ids[:_LAST] + older[:: max(1, len(older) // _LAST)]
            rows = [
                db.execute("SELECT window, body FROM digests WHERE id = ?", (id_,)).fetchone()
                for id_ in chosen
            ]
        records = ((row["window"], _record(row["body"], workload)) for row in rows)
        return [(window, record) for window, record in records if record]

    def count(self) -> int:
        """How much there is to recall."""
        if self._count is None:
            with self._transaction() as db:
                counted = db.execute("SELECT (SELECT count(*) FROM digests) + (SELECT count(*) FROM entries)")
                self._count = int(counted.fetchone()[0])
        return self._count

    def forget_count(self) -> None:
        """Another file is in use."""
        self._count = None

    def _grown(self, db: Connection, rows: int) -> None:
        """Within the bounds again, a bounded piece of work at a time."""
        dropped = 0
        for _ in range(_BATCHES):
            if _bytes_used(db) <= self._keep_bytes:
                break
            dropped += (gone := _drop_oldest(db))
            if not gone:
                break
        if dropped:
            for table in ("digests", "entries"):
                db.execute(f"INSERT INTO {table}_text ({table}_text, rank) VALUES ('merge', 200)")  # noqa: S608
            for _ in range(min(_VACUUM_PAGES, _pragma(db, "freelist_count"))):
                db.execute("PRAGMA incremental_vacuum(1)")
        if self._count is not None:
            self._count += rows - dropped


def _add(
    db: Connection, when: When, kind: str, text: str, workload: str | None = None, name: str | None = None
) -> None:
    text = text.encode("utf-8", "replace").decode()
    added = db.execute(
        "INSERT INTO entries (run, window, at_s, kind, workload, name, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (when.run, when.window, when.at_s, kind, workload, name, text),
    )
    fulltext.index(db, "entries", added.lastrowid or 0, text)


def _record(body: bytes, workload: str) -> Json | None:
    records: list[dict[str, Any]] = json.loads(zlib.decompress(body))
    return next((record for record in records if record.get("id") == workload), None)


def _drop_oldest(db: Connection) -> int:
    """A batch, and how much went: the newest digest stays."""
    newest = "SELECT max(id) FROM digests"
    rows = db.execute(f"SELECT id FROM digests WHERE id < ({newest}) ORDER BY id LIMIT {_BATCH}")  # noqa: S608
    if ids := [row[0] for row in rows]:
        fulltext.delete(db, "digests", ids)
        return len(ids)
    for kinds in _DROPPED:
        marks = ", ".join("?" * len(kinds))
        rows = db.execute(
            f"SELECT id FROM entries WHERE kind IN ({marks}) ORDER BY id LIMIT {_BATCH}",  # noqa: S608
            kinds,
        )
        if ids := [row[0] for row in rows]:
            fulltext.delete(db, "entries", ids)
            return len(ids)
    return 0


def _bytes_used(db: Connection) -> int:
    return (_pragma(db, "page_count") - _pragma(db, "freelist_count")) * _pragma(db, "page_size")


def _pragma(db: Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
