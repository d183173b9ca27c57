"""What asking a model has cost, and what is being asked may cost: for all who ask, by one state directory."""

import time
from collections.abc import Callable, Iterable, Sequence
from sqlite3 import Connection

from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.model_figures import Call
from llamas_bpf.cost import cost
from llamas_bpf.store.database import Database

#: Longer ago than anybody's limits reach.
DAY_S = 86_400


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
            _add(db, question, most, is_open=True)
        self._own.add(question)

    def end(self, question: str) -> None:
        """It was not asked after all."""
        with self._database.transaction() as db:
            end(db, [question])

    def _read(self, db: Connection) -> tuple[list[Call], list[Call]]:
        since_s = time.time() - DAY_S
        rows = db.execute(
            "SELECT * FROM costs WHERE at_s >= ? AND (open OR id > ?) ORDER BY id", (since_s, self._last)
        ).fetchall()
        self._last = max([self._last, *(row["id"] for row in rows if not row["open"])])
        others = [row for row in rows if row["question"] not in self._own]
        recorded, out = (
            [
                Call(row["at_s"], row["prompt_tokens"], row["answer_tokens"], row["calls"])
                for row in others
                if row["open"] == is_open
            ]
            for is_open in (False, True)
        )
        return recorded, out


def settle(db: Connection, exchanges: Sequence[Exchange], now_s: float) -> None:
    """From now on these are what their questions have cost, in the transaction that keeps them."""
    if not exchanges:
        return
    end(db, {exchange.question for exchange in exchanges})
    for exchange in exchanges:
        if call := cost(exchange, now_s):
            _add(db, exchange.question, call, is_open=False)
    # By time alone, while exchanges may go sooner, for want of room.
    db.execute("DELETE FROM costs WHERE at_s < ?", (now_s - DAY_S,))


def end(db: Connection, questions: Iterable[str]) -> None:
    """What they may cost is not owed any more."""
    db.executemany("DELETE FROM costs WHERE question = ? AND open", [(one,) for one in questions])


def _add(db: Connection, question: str, call: Call, is_open: bool) -> None:
    values = (question, call.at_s, call.count, call.prompt_tokens, call.answer_tokens, is_open)
    names = "question, at_s, calls, prompt_tokens, answer_tokens, open"
    db.execute(f"INSERT INTO costs ({names}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608
