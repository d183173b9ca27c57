"""The reading side: what ``explain`` shows. Works while a controller writes."""

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from llamas_bpf.contracts.outcome import Outcome
from llamas_bpf.store.database import Database

Json = dict[str, Any]


class Reader:
    """Reads a state directory; changes nothing. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, state: Path) -> "Reader":
        """The store under ``state``, read-only."""
        return cls(Database(state, writable=False))

    def close(self) -> None:
        """Let go of the file; a later call opens it again."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def decisions(self, limit: int = 20) -> list[Json]:
        """The last decisions, newest first, without prompt and answer; the keys are those of ``decision``."""
        with self._rows() as db:
            rows = db.execute("SELECT * FROM decisions ORDER BY id DESC LIMIT ?", (limit,))
            return [decision_row(db, row) for row in rows.fetchall()]

    def decision(self, number: int) -> Json | None:
        """All that is known of one decision; None where there is no such one.

        Keys: id, run, window, at_s, advisor, hint, seen (``workload`` and ``machine`` row of the digest it
        was hinted on), exchange (None where no model was asked), refused, applied, restored, judged (lists
        of the contracts' JSON, each with its ``window``), became (a few words).
        """
        with self._rows() as db:
            row = db.execute("SELECT * FROM decisions WHERE id = ?", (number,)).fetchone()
            if row is None:
                return None
            asked = db.execute(
                "SELECT body FROM exchanges WHERE run = ? AND exchange = ?", (row["run"], row["exchange"])
            ).fetchone()
            return decision_row(db, row) | {"exchange": json_object(asked["body"]) if asked else None}

    def outcomes(self, limit: int = 10_000) -> list[tuple[float, Outcome]]:
        """The last verdicts of all runs, oldest first, each with when it was given (s since the epoch).

        One that cannot be read is left out: a run can do without what it would have taught.
        """
        with self._rows() as db:
            rows = db.execute(
                "SELECT at_s, body FROM steps WHERE stage = 'judged' ORDER BY id DESC LIMIT ?", (limit,)
            )
            found = [judged for row in rows if (judged := _judged(row))]
        return found[::-1]

    def run(self, number: int) -> Json | None:
        """What ``begin_run`` noted: advisor, enforce, machine, and when (``at_s``)."""
        with self._rows() as db:
            row = db.execute("SELECT at_s, body FROM runs WHERE id = ?", (number,)).fetchone()
            return None if row is None else {"at_s": row["at_s"], **json_object(row["body"])}

    def digest(self, run: int, window: int) -> Json | None:
        """The digest of one window in the design's JSON; None once it has been dropped."""
        with self._rows() as db:
            row = db.execute(
                "SELECT body FROM digests WHERE run = ? AND window = ?", (run, window)
            ).fetchone()
            return None if row is None else json_object(zlib.decompress(row["body"]))

    @contextmanager
    def _rows(self) -> Iterator[sqlite3.Connection]:
        """What is not as ``Store`` writes it is told like any other damage."""
        try:
            with self._database.transaction() as db:
                yield db
        except (ValueError, LookupError, TypeError, RecursionError, zlib.error):
            raise self._database.damaged() from None


def decision_row(db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    found: Json = {key: row[key] for key in ("id", "run", "window", "at_s", "advisor")}
    found["hint"] = json_object(row["hint"])
    found["seen"] = json_object(row["seen"]) if row["seen"] else None
    found |= {"refused": [], "applied": [], "restored": [], "judged": []}
    steps = db.execute("SELECT stage, window, body FROM steps WHERE decision = ? ORDER BY id", (row["id"],))
    for step in steps:
        found[step["stage"]].append({"window": step["window"], **json_object(step["body"])})
    return found | {"became": _became(found)}


def _judged(row: sqlite3.Row) -> tuple[float, Outcome] | None:
    try:
        return float(row["at_s"]), Outcome.model_validate(json_object(row["body"]))
    except (ValueError, TypeError):
        return None


def json_object(text: str | bytes) -> Json:
    # NaN is no JSON, whoever wrote it: what cannot be told is null.
    found = json.loads(text, parse_constant=lambda _: None)
    if not isinstance(found, dict):
        raise TypeError("not an object of JSON")
    return found


def _became(found: Json) -> str:
    """The last thing that happened to a decision, in a few words."""
    done = (step for step in found["restored"] if not step["skipped"] and not step.get("failed"))
    back = ", put back" if any(done) else ""
    if found["judged"]:
        return f"{found['judged'][-1]['verdict']}{back}"
    statuses = {step["status"] for step in found["applied"]}
    for status in ("applied", "failed", "dry_run", "unchanged"):
        if status in statuses:
            return f"{status.replace('_', ' ')}{back}"
    if found["refused"]:
        check = found["refused"][-1]["check"]
        return "for the operator" if check == "advice" else f"refused: {check}"
    return "nothing to do" if found["hint"]["kind"] == "leave" else "pending"
