"""All that a state directory holds, as the lines of ``export``."""

import heapq
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from llamas_bpf.store.database import Database
from llamas_bpf.store.read import Json, Reader, decision_row, json_object

#: Rows read at a time: in between, a controller may write, and nothing is held.
_BATCH = 50

#: Each table, and where it says which run: 0 is none of the controller's.
_TABLES = {"runs": "id", "decisions": "run", "exchanges": "run", "digests": "run"}


class Export(Reader):
    """Reads it run by run. Every method may raise StoreError."""

    @classmethod
    def open(cls, state: Path) -> "Export":
        """The store under ``state``, read-only."""
        return cls(Database(state, writable=False))

    def count(self) -> int:
        """How many lines there will be, unless a controller goes on writing."""
        with self._rows() as db:
            return sum(
                db.execute(f"SELECT count(*) FROM {table} WHERE {key} > 0").fetchone()[0]  # noqa: S608
                for table, key in _TABLES.items()
            )

    def lines(self) -> Iterator[Json]:
        """One object each, in time order within a run; what a window decided comes before its digest.

        ``kind`` is ``run``: run, at_s, advisor, enforce, machine; ``digest``: run, number (of the window),
        at_s, and the line of ``record``; ``exchange``: run, at_s, and the contract's JSON; ``decision``: as
        ``Reader.decision`` gives it, but with ``exchange_id``.
        """
        run: int | None = 0
        while (run := self._next_run(run or 0)) is not None:
            if (about := self.run(run)) is not None:
                yield {"kind": "run", "run": run, **about}
            tables = (
                self._table("decisions", run, _decision),
                self._table("exchanges", run, _exchange),
                self._table("digests", run, _digest),
            )
            # Stable: of equal times, the order above.
            yield from heapq.merge(*tables, key=lambda line: float(line["at_s"]))

    def _next_run(self, after: int) -> int | None:
        """Of a long run, the beginning may have been dropped by now, and with it what it was."""
        with self._rows() as db:
            found = [
                db.execute(f"SELECT min({key}) FROM {table} WHERE {key} > ?", (after,)).fetchone()[0]  # noqa: S608
                for table, key in _TABLES.items()
            ]
        return min((run for run in found if run is not None), default=None)

    def _table(
        self, table: str, run: int, line: Callable[[sqlite3.Connection, sqlite3.Row], Json]
    ) -> Iterator[Json]:
        last, sql = 0, f"SELECT * FROM {table} WHERE run = ? AND id > ? ORDER BY id LIMIT {_BATCH}"  # noqa: S608
        while True:
            with self._rows() as db:
                rows = db.execute(sql, (run, last)).fetchall()
                lines = [line(db, row) for row in rows]
            if not lines:
                return
            last = rows[-1]["id"]
            yield from lines


def _decision(db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    return {"kind": "decision", **decision_row(db, row), "exchange_id": row["exchange"]}


def _exchange(db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    return {"kind": "exchange", "run": row["run"], "at_s": row["at_s"], **json_object(row["body"])}


def _digest(db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    about = {"kind": "digest", "run": row["run"], "number": row["window"], "at_s": row["at_s"]}
    return about | json_object(zlib.decompress(row["body"]))
