"""Keeps the store within its age and size: digests go first, decisions last, the newest row stays."""

import math
from sqlite3 import Connection

from llamas_bpf.config import StoreConfig

#: Rows dropped at a time.
_BATCH = 10
#: Pages given back to the disk in one window (1 MiB, about 10 ms): enough to shrink in time.
_VACUUM_PAGES = 250
_DAY_S = 86_400


def drop_old(db: Connection, config: StoreConfig, now_s: float) -> None:
    """Inside the caller's transaction; cheap where nothing is too old and there is room."""
    for table in ("digests", "exchanges", "decisions", "steps", "runs"):
        while _drop_oldest(db, table, now_s - config.keep_days * _DAY_S):
            pass
    for table in ("digests", "exchanges", "decisions", "steps"):
        while _bytes_used(db) > config.keep_bytes and _drop_oldest(db, table, math.inf):
            pass
    _shrink(db, config.keep_bytes)


def _drop_oldest(db: Connection, table: str, before_s: float) -> int:
    """A batch of a table's oldest rows, a decision with its steps. Gives how many went."""
    # By id, which grows with time: an index on the time would cost every insert.
    oldest = db.execute(
        f"SELECT id, at_s FROM {table} WHERE id < (SELECT max(id) FROM {table}) ORDER BY id LIMIT {_BATCH}"  # noqa: S608
    )
    ids = [(row["id"],) for row in oldest if row["at_s"] < before_s]
    db.executemany(f"DELETE FROM {table} WHERE id = ?", ids)  # noqa: S608
    if table == "decisions":
        db.executemany("DELETE FROM steps WHERE decision = ?", ids)
    return len(ids)


def _bytes_used(db: Connection) -> int:
    return (_pragma(db, "page_count") - _pragma(db, "freelist_count")) * _pragma(db, "page_size")


def _shrink(db: Connection, keep_bytes: int) -> None:
    """Free pages are used again by the next rows; only what is far too much goes back to the disk."""
    pages, free = _pragma(db, "page_count"), _pragma(db, "freelist_count")
    if pages * _pragma(db, "page_size") > keep_bytes or free * 4 > pages:
        for _ in range(min(free, _VACUUM_PAGES)):
            # A page each: sqlite3 takes one step of a PRAGMA, whatever number it is given.
            db.execute("PRAGMA incremental_vacuum(1)")


def _pragma(db: Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
