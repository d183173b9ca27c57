"""What asking a model has cost, and what is being asked may cost: for all who ask, by one state directory."""

import time
from collections.abc import Callable
from sqlite3 import Connection

from llamas_bpf.contracts.model_figures import Call
from llamas_bpf.store.database import Database

#: Longer ago than anybody's limits reach.
DAY_S = 86_400

# What a server has not counted is estimated, at 4 characters a token. What took no time asked nobody.
_RECORDED = """
    SELECT id, at_s, exchange,
        coalesce(nullif(json_extract(body, '$.prompt_tokens'), 0),
            iif(json_extract(body, '$.status') IN ('unreachable', 'http_error'), 0, length(body) / 4)
        ) AS prompt,
        coalesce(nullif(json_extract(body, '$.completion_tokens'), 0),
            length(coalesce(json_extract(body, '$.answer'), '')) / 4) AS answer
    FROM exchanges
    WHERE id > ? AND at_s >= ? AND iif(json_valid(body), json_extract(body, '$.latency_ns'), 0) > 0
    ORDER BY id
"""


class Accounts:
    """For one who asks: what it noted and recorded itself is not told again. Every method may raise
    StoreError: then nothing is noted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own: set[str] = set()  # questions
        self._last = 0  # the row that was told last

    def read(self) -> tuple[list[Call], list[Call]]:
        """Calls of the last day that were recorded since the last time, and the most that what is now being
        asked may cost. What was asked by a controller that was killed is among the latter, for a day."""
        with self._database.transaction() as db:
            return self._read(db)

    def begin(self, question: str, grant: Callable[[list[Call], list[Call]], Call | None]) -> None:
        """``grant`` is told both, and gives the most that this question may cost, or None; that is kept until
        an exchange of the question is, or ``end``. Nobody else is granted anything meanwhile."""
        with self._database.transaction() as db:
            most = grant(*self._read(db))
            if most is None:
                return
            db.execute(
                "INSERT INTO questions (question, at_s, calls, prompt_tokens, answer_tokens)"
                " VALUES (?, ?, ?, ?, ?)",
                (question, most.at_s, most.count, most.prompt_tokens, most.answer_tokens),
            )
        self._own.add(question)

    def end(self, question: str) -> None:
        """It was not asked after all."""
        with self._database.transaction() as db:
            end(db, [question])

    def _read(self, db: Connection) -> tuple[list[Call], list[Call]]:
        since_s = time.time() - DAY_S
        recorded = []
        for row in db.execute(_RECORDED, (self._last, since_s)).fetchall():
            self._last = row["id"]
            if row["exchange"].partition(".")[0] not in self._own:
                recorded.append(Call(row["at_s"], row["prompt"], row["answer"]))
        rows = db.execute("SELECT * FROM questions WHERE at_s >= ? ORDER BY at_s", (since_s,)).fetchall()
        out = [
            Call(row["at_s"], row["prompt_tokens"], row["answer_tokens"], row["calls"])
            for row in rows
            if row["question"] not in self._own
        ]
        return recorded, out


def end(db: Connection, questions: list[str]) -> None:
    """What they have cost is recorded now, in the same transaction."""
    db.executemany("DELETE FROM questions WHERE question = ?", [(one,) for one in questions])
