"""Full-text search by BM25. Table names come from this package, texts and queries from anybody."""

from sqlite3 import Connection, Row

#: So many of the best are found at once; a query that matches more should be narrowed.
MOST_FOUND = 200
_MOST_WORDS, _MOST_CHARS = 24, 2000


def index(db: Connection, table: str, id_: int, text: str) -> None:
    """Make a new row findable."""
    db.execute(f"INSERT INTO {table}_text (rowid, text) VALUES (?, ?)", (id_, text))  # noqa: S608


def delete(db: Connection, table: str, ids: list[int]) -> None:
    """Rows and what the index holds of them, which it must be told again."""
    marks = ", ".join("?" * len(ids))
    db.execute(
        f"INSERT INTO {table}_text ({table}_text, rowid, text)"  # noqa: S608
        f" SELECT 'delete', id, text FROM {table} WHERE id IN ({marks})",
        ids,
    )
    db.execute(f"DELETE FROM {table} WHERE id IN ({marks})", ids)  # noqa: S608


def search(db: Connection, table: str, query: str, order: str = "rank") -> tuple[list[Row], int]:
    """The best rows, best first, and how many there are: with all the words, else with any of them."""
    words = phrases(query)
    for joined in (" AND ".join(words), " OR ".join(words)):
        if not joined:
            break
        where = f"{table}_text MATCH ?"
        found = db.execute(
            f"SELECT {table}.* FROM {table}_text JOIN {table} ON {table}.id = {table}_text.rowid"  # noqa: S608
            f" WHERE {where} ORDER BY {order} LIMIT {MOST_FOUND}",
            (joined,),
        ).fetchall()
        if found:
            total = db.execute(f"SELECT count(*) FROM {table}_text WHERE {where}", (joined,))  # noqa: S608
            return found, total.fetchone()[0]
    return [], 0


def phrases(query: str) -> list[str]:
    """Each word quoted, so that nothing in it is an operator; of a long query, the beginning."""
    kept = "".join(letter if letter.isprintable() else " " for letter in query[:_MOST_CHARS])
    words = (word.replace('"', " ") for word in kept.split())
    return [f'"{word}"' for word in words if any(map(str.isalnum, word))][:_MOST_WORDS]
