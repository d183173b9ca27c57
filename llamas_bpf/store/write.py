"""The writing side, the controller's: one transaction a window."""

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from sqlite3 import Connection

from pydantic import BaseModel

from llamas_bpf.as_json import Json, digest_json
from llamas_bpf.config import StoreConfig
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import workload_features
from llamas_bpf.store import accounts, bounds
from llamas_bpf.store.accounts import Accounts
from llamas_bpf.store.database import Database
from llamas_bpf.store.read import Reader

#: Stage, decision, JSON.
_Step = tuple[str, int | None, str]


class Store(Reader):
    """``STATE/store.db``. Every method may raise StoreError: nothing of that call is kept, and the next
    call tries afresh."""

    def __init__(self, state: Path, config: StoreConfig) -> None:
        super().__init__(Database(state, writable=True))
        self._config = config
        self._run = 0
        with self._database.transaction() as db:
            bounds.drop_old(db, config, time.time())

    def begin_run(self, machine: Machine, advisor: str, enforce: bool) -> int:
        """Note a start of the controller; what is recorded from now on belongs to it. Gives its id."""
        about = {"advisor": advisor, "enforce": enforce, "machine": machine.model_dump(mode="json")}
        with self._database.transaction() as db:
            self._run = _insert(db, "runs", at_s=time.time(), body=json.dumps(about))
        return self._run

    def add_hints(
        self, window: int, advisor: str, hints: Sequence[Hint], exchange_id: str | None, run: int
    ) -> list[int]:
        """Give each hint its decision id, which no other ever gets, even after a crash. All or none, and
        in a hurry: they are to be acted on."""
        with self._database.transaction(hurried=True) as db:
            return [
                _insert(
                    db,
                    "decisions",
                    run=run,
                    window=window,
                    at_s=time.time(),
                    advisor=advisor,
                    hint=_json(hint),
                    exchange=exchange_id,
                )
                for hint in hints
            ]

    def record(self, report: WindowReport) -> None:
        """Keep a whole window: digest, exchanges, and what became of this and earlier decisions."""
        digest, window, now = report.situation.digest, report.situation.number, time.time()
        body = zlib.compress(json.dumps(digest_json(digest)).encode(), 1)
        with self._database.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO digests (run, window, at_s, body) VALUES (?, ?, ?, ?)",
                (self._run, window, now, body),
            )
            self._add_exchanges(db, now, report.exchanges)
            for decision in report.decisions:
                seen = json.dumps(_seen(report.situation, getattr(decision.hint, "workload", None)))
                db.execute("UPDATE decisions SET seen = ? WHERE id = ?", (seen, decision.id))
            self._add_steps(db, window, now, _steps(report))
            bounds.drop_old(db, self._config, now)

    def record_exchanges(self, exchanges: Sequence[Exchange]) -> None:
        """Keep what was asked of a model and ended outside a window: at the end of a run, or under no run
        at all; then only what has cost something."""
        with self._database.transaction() as db:
            self._add_exchanges(db, time.time(), exchanges)

    def accounts(self) -> Accounts:
        """Where to note what a model is asked, before it is."""
        return Accounts(self._database)

    def record_restored(self, restored: Sequence[Restored], window: int = 0) -> None:
        """Keep what was put back outside a window: after an earlier run's crash, or at the end."""
        with self._database.transaction() as db:
            self._add_steps(db, window, time.time(), [_restored_step(step) for step in restored])

    def _add_exchanges(self, db: Connection, now_s: float, exchanges: Sequence[Exchange]) -> None:
        db.executemany(
            "INSERT OR REPLACE INTO exchanges (run, exchange, at_s, body) VALUES (?, ?, ?, ?)",
            [
                (self._run, exchange.id, now_s, _json(exchange))
                for exchange in exchanges
                if self._run or exchange.latency_ns
            ],
        )
        accounts.settle(db, exchanges, now_s)

    def _add_steps(self, db: Connection, window: int, now_s: float, steps: Sequence[_Step]) -> None:
        db.executemany(
            "INSERT INTO steps (decision, run, window, at_s, stage, body) VALUES (?, ?, ?, ?, ?, ?)",
            [(number, self._run, window, now_s, stage, body) for stage, number, body in steps],
        )


def _steps(report: WindowReport) -> list[_Step]:
    """In the order in which things happen in a window."""
    found: list[tuple[str, int | None, BaseModel]] = []
    found += [("refused", refusal.hint_id, refusal) for refusal in report.refusals]
    found += [("applied", applied.action.hint_id, applied) for applied in report.applied]
    found += [("judged", _decision_of(outcome.action_id), outcome) for outcome in report.outcomes]
    steps = [(stage, number, _json(body)) for stage, number, body in found]
    return steps + [_restored_step(restored) for restored in report.restored]


def _restored_step(restored: Restored) -> _Step:
    return "restored", _decision_of(restored.action_id), json.dumps(asdict(restored))


def _decision_of(action_id: str) -> int | None:
    """``12`` of the action ``12.1``; None for what a journal of another hand calls otherwise."""
    number = action_id.partition(".")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _seen(situation: Situation, workload: str | None) -> Json:
    """What a hint was given on: it is kept with the decision, and so outlives the digest."""
    digest = situation.digest
    row = next((row for row, known in enumerate(digest.workloads) if known.id == workload), None)
    return {
        "workload": None if row is None else workload_features(digest, situation.machine, row),
        "machine": digest.machine,
        "lost": digest.lost,
        "degradations": list(digest.degradations),
    }


def _json(body: BaseModel) -> str:
    # Not pydantic's own: names from the system may hold bytes that are not UTF-8, as lone surrogates.
    return json.dumps(body.model_dump())


def _insert(db: Connection, table: str, **values: object) -> int:
    """Give the new row's id. ``table`` and the keys are written in this file, never data."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    return int(db.execute(sql, tuple(values.values())).lastrowid or 0)
