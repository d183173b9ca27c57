"""The store keeps whole decisions, stays within its bounds, and is readable while it is written."""

import json
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import reports

from llamas_bpf.advise.model.budget import Ledger
from llamas_bpf.as_json import digest_json
from llamas_bpf.config import BudgetConfig, StoreConfig
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.model_figures import Call
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.store import Reader, Store, StoreError
from llamas_bpf.store.database import LOG_PAGES
from llamas_bpf.store.schema import VERSION

DAY_S = 86_400


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store(state: Path) -> Iterator[Store]:
    with Store(state, StoreConfig()) as opened:
        yield opened


def add(store: Store, window: int = 1) -> int:
    """One window with one decision and everything that may come of it."""
    run = store.begin_run(reports.MACHINE, "llm,rules", enforce=True)
    decision = store.add_hints(window, "llm", [reports.hint()], "x1", run)[0]
    store.record(reports.full_report(decision, window))
    return decision


def test_a_decision_comes_back_whole(store: Store) -> None:
    number = add(store, window=7)
    found = store.decision(number)
    assert found is not None
    assert (found["id"], found["window"], found["advisor"]) == (number, 7, "llm")
    assert found["hint"]["nodes"] == ["node0"]
    assert found["seen"]["workload"]["memory"]["fast_tier_ratio"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["seen"]["machine"]["cpus"] == 2
    assert found["exchange"]["prompt"][1]["content"] == "w1 is slow"
    assert found["refused"][0]["sentence"] == "node0 is full"
    assert [(step["old"], step["new"]) for step in found["applied"]] == [("0,2", "0"), ("0,2", "0")]
    assert found["judged"][0]["verdict"] == "helped"
    assert found["restored"][0]["value"] == "0,2"
    assert found["became"] == "helped, put back"
    assert store.decision(number + 1) is None


def test_digests_and_runs_come_back(store: Store) -> None:
    add(store, window=3)
    assert store.digest(1, 3) == digest_json(reports.situation().digest)
    assert store.digest(1, 4) is None
    run = store.run(1)
    assert run is not None
    assert (run["advisor"], run["enforce"], run["machine"]["kernel"]) == ("llm,rules", True, "6.12.0")


def test_what_comes_later_is_added_to_its_decision(store: Store) -> None:
    run = store.begin_run(reports.MACHINE, "rules", enforce=True)
    number = store.add_hints(1, "rules", [reports.hint()], None, run)[0]
    full = reports.full_report(number)
    store.record(replace(full, restored=(), outcomes=(), exchanges=()))
    assert store.decisions()[0]["became"] == "applied"
    outcomes = (reports.outcome(f"{number}.1", "harmed"),)
    store.record(WindowReport(reports.situation(9), advisor=None, outcomes=outcomes))
    assert store.decisions()[0]["became"] == "harmed"
    store.record_restored(full.restored)
    found = store.decision(number)
    assert found is not None
    assert found["became"] == "harmed, put back"
    assert found["judged"][0]["window"] == 9
    assert found["exchange"] is None


def test_names_that_are_no_text_are_kept(store: Store) -> None:
    digest = reports.digest({"w1": reports.ROW}, names={"w1": "a\udcff\x1b[31m"})
    run = store.begin_run(reports.MACHINE, "rules", enforce=False)
    number = store.add_hints(1, "rules", [reports.hint()], "x1", run)[0]
    asked = reports.exchange(prompt=[{"role": "user", "content": "a\udcff"}])
    store.record(reports.full_report(number, situation=reports.situation(1, [digest]), exchange=asked))
    found = store.decision(number)
    assert found is not None
    assert found["seen"]["workload"]["name"] == "a\udcff\x1b[31m"
    assert found["exchange"]["prompt"][0]["content"] == "a\udcff"


def test_a_foreign_action_id_is_kept_without_a_decision(store: Store, state: Path) -> None:
    report = reports.full_report(add(store))
    store.record_restored([replace(report.restored[0], action_id="nonsense.1")])
    with closing(sqlite3.connect(state / "store.db")) as db:
        ((body,),) = db.execute("SELECT body FROM steps WHERE decision IS NULL")
    assert json.loads(body)["action_id"] == "nonsense.1"


def test_the_last_days_calls_are_told_with_their_tokens(store: Store) -> None:
    store.begin_run(reports.MACHINE, "llm", enforce=False)
    uncounted = {"prompt_tokens": None, "completion_tokens": None}
    asked = [
        reports.exchange(id="1"),
        reports.exchange(id="2", status="timeout", answer=None, **uncounted),
        reports.exchange(id="3", status="unreachable", answer=None, **uncounted),
        reports.exchange(id="4", answer="x" * 80, **uncounted),
    ]
    began_s = time.time()
    store.record(WindowReport(reports.situation(1), "llm", exchanges=tuple(asked)))
    (first, second, third, fourth), out = store.accounts().read()
    assert out == []
    assert (first.prompt_tokens, first.answer_tokens) == (900, 60)
    assert (second.prompt_tokens, second.answer_tokens) == (len(json.dumps(asked[1].prompt)) // 4, 0)
    assert (third.prompt_tokens, third.answer_tokens) == (0, 0)
    assert fourth.answer_tokens == 20
    assert began_s <= first.at_s <= time.time()


def test_a_question_may_cost_so_much_until_it_is_known_what_it_did(store: Store, state: Path) -> None:
    mine, most = store.accounts(), Call(time.time(), 100, 50, 3)
    mine.begin("q", lambda recorded, out: most)
    mine.begin("refused", lambda recorded, out: None)
    with Store(state, StoreConfig()) as another:
        theirs = another.accounts()
        assert theirs.read() == ([], [most])
        assert mine.read() == ([], [])
        store.record_exchanges([reports.exchange(id="q.0", question="q")])
        assert mine.read() == ([], [])
        (recorded,), out = theirs.read()
        assert (recorded.prompt_tokens, recorded.count, out) == (900, 1, [])
        assert theirs.read() == ([], [])  # once
        # What never asked anybody has cost nothing, and is not kept under no run.
        mine.begin("q2", lambda recorded, out: most)
        store.record_exchanges([unsent("q2")])
        mine.begin("q3", lambda recorded, out: most)
        assert theirs.read() == ([], [most])
        mine.end("q3")
        assert theirs.read() == ([], [])


def unsent(question: str) -> Exchange:
    return reports.exchange(id=f"{question}.0", question=question, status="over_budget", latency_ns=0)


def test_what_nobody_ended_is_forgotten_in_a_day(store: Store, state: Path) -> None:
    mine, now = store.accounts(), time.time()
    mine.begin("old", lambda recorded, out: Call(now - DAY_S - 1, 1, 1))
    mine.begin("new", lambda recorded, out: Call(now - DAY_S + 100, 1, 1))
    store.record_exchanges([reports.exchange()])
    with Store(state, StoreConfig()) as later:
        assert [len(told) for told in later.accounts().read()] == [1, 1]
    with closing(sqlite3.connect(state / "store.db")) as db:
        assert db.execute("SELECT question FROM costs WHERE open").fetchall() == [("new",)]


def test_what_was_spent_outlives_the_words_that_it_was_spent_on(state: Path) -> None:
    small = StoreConfig(keep_bytes=1 << 20)
    with Store(state, small) as store:
        store.begin_run(reports.MACHINE, "llm", enforce=False)
        prompt = [{"role": "user", "content": "x" * 100_000}]
        for window in range(50):
            asked = reports.exchange(id=f"{window}.0", prompt=prompt)
            store.record(WindowReport(reports.situation(window), "llm", exchanges=(asked,)))
    with Store(state, small) as later, closing(sqlite3.connect(state / "store.db")) as db:
        assert db.execute("SELECT count(*) FROM exchanges").fetchone()[0] < 40
        assert len(later.accounts().read()[0]) == 50


def test_two_who_ask_at_once_are_granted_no_more_than_there_is(state: Path) -> None:
    """Each from a process of its own would be the same: they share nothing but the file."""
    granted: list[int] = []

    def asks(number: int) -> None:
        with Store(state, StoreConfig()) as own:
            ledger = Ledger(BudgetConfig(calls_per_hour=50), own.accounts())
            if left := ledger.begin(f"q{number}", 20, 8000, 2000):
                granted.append(left.calls or 0)

    threads = [threading.Thread(target=asks, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == [10, 20, 20]


def test_a_store_of_before_gets_what_it_lacks(state: Path) -> None:
    with Store(state, StoreConfig()):
        pass
    with closing(sqlite3.connect(state / "store.db")) as db:
        db.execute("DROP TABLE costs")
    with Store(state, StoreConfig()) as store:
        store.accounts().begin("q", lambda recorded, out: Call(time.time(), 1, 1))


def test_same_exchange_ids_of_two_runs_stay_apart(store: Store) -> None:
    first, second = add(store), add(store)
    assert first != second
    for number in (first, second):
        found = store.decision(number)
        assert found is not None
        assert found["exchange"]["model"] == "tiny"


def test_hints_do_not_wait_until_the_log_is_in_its_place(store: Store, state: Path) -> None:
    run = store.begin_run(reports.MACHINE, "rules", enforce=False)
    file, log = state / "store.db", state / "store.db-wal"
    before = file.stat().st_mtime_ns
    for _ in range(200):
        numbers = store.add_hints(1, "rules", [reports.hint(reason="long" * 100)] * 100, None, run)
    assert log.stat().st_size > LOG_PAGES * 4096 * 1.5
    assert file.stat().st_mtime_ns == before
    store.record(reports.full_report(numbers[0], 1))
    assert file.stat().st_mtime_ns > before


def test_ids_are_never_given_twice(state: Path) -> None:
    with Store(state, StoreConfig()) as store:
        last = add(store)
    with sqlite3.connect(state / "store.db") as db:
        db.execute("DELETE FROM decisions")
    db.close()
    with Store(state, StoreConfig()) as store:
        assert add(store) > last


def test_the_old_goes_first_and_decisions_last(state: Path) -> None:
    with Store(state, StoreConfig(keep_bytes=1 << 20)) as store:
        number = add(store)
        for window in range(2, 120):
            # 20 kB that cannot be compressed.
            digest = reports.digest({"w1": reports.ROW}, names={"w1": random.randbytes(20_000).hex()})
            store.record(WindowReport(reports.situation(window, [digest]), advisor=None))
        assert store.digest(1, 119) is not None
        assert store.digest(1, 2) is None
        assert store.decision(number) is not None
    assert (state / "store.db").stat().st_size <= (1 << 20) + (256 << 10)


def test_what_is_too_old_goes(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    with Store(state, StoreConfig(keep_days=1)) as store:
        monkeypatch.setattr(time, "time", lambda: now - 2 * DAY_S)
        old = add(store)
        monkeypatch.setattr(time, "time", lambda: now)
        new = add(store)
        assert store.decision(old) is None
        assert store.decision(new) is not None
        assert store.digest(1, 1) is None
    db = sqlite3.connect(state / "store.db")
    assert db.execute("SELECT count(*) FROM steps WHERE decision = ?", (old,)).fetchone() == (0,)
    db.close()


def test_a_lowered_limit_gives_room_back(state: Path) -> None:
    with Store(state, StoreConfig()) as store:
        run = store.begin_run(reports.MACHINE, "rules", enforce=False)
        for window in range(4000):
            store.add_hints(window, "rules", [reports.hint(reason=f"{window:0400}")], None, run)
    before = (state / "store.db").stat().st_size
    for _ in range(10):
        with Store(state, StoreConfig(keep_bytes=1 << 20)) as store:
            left = store.decisions(5000)
    assert left[0]["window"] == 3999
    assert (state / "store.db").stat().st_size <= 1 << 20 < before


def test_readers_work_while_a_controller_writes(state: Path) -> None:
    with Store(state, StoreConfig()) as store:
        add(store)
        found: list[dict[str, Any]] = []
        failures: list[Exception] = []
        done = threading.Event()

        def read() -> None:
            try:
                while not done.is_set() or len(found) < 10:
                    with Reader.open(state) as reader:
                        found.extend(reader.decisions(1))
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        for window in range(100):
            add(store, window)
        done.set()
        thread.join()
    assert not failures
    assert len({row["id"] for row in found}) > 1
    # A window is kept whole or not at all.
    whole, none = (1, 1), (0, 0)
    assert {whole} <= {(len(row["refused"]), len(row["judged"])) for row in found} <= {whole, none}


def test_reading_never_writes(store: Store, state: Path) -> None:
    add(store)
    with Reader.open(state) as reader, reader._database.transaction() as db:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM decisions")
        db.execute("SELECT 1")


def test_nobody_else_may_read_it(store: Store, state: Path) -> None:
    add(store)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in state.iterdir()} == {0o600}


def test_nothing_there_says_what_to_run(state: Path) -> None:
    with Reader.open(state) as reader, pytest.raises(StoreError, match="llamas-bpf run"):
        reader.decisions()


def test_a_newer_schema_is_refused(state: Path) -> None:
    with Store(state, StoreConfig()):
        pass
    db = sqlite3.connect(state / "store.db")
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    with pytest.raises(StoreError, match="newer llamas-bpf"):
        Store(state, StoreConfig())
    with Reader.open(state) as reader, pytest.raises(StoreError, match="newer llamas-bpf"):
        reader.decisions()


def test_damage_is_named(state: Path) -> None:
    state.mkdir()
    (state / "store.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError, match="damaged: put it aside"):
        Store(state, StoreConfig())


def test_a_verdict_that_cannot_be_read_is_left_out(store: Store, state: Path) -> None:
    first, second, third = add(store), add(store), add(store)
    with sqlite3.connect(state / "store.db") as db:
        db.execute("UPDATE steps SET body = '{' WHERE stage = 'judged' AND decision = ?", (second,))
    assert [judged.action_id for _, judged in store.outcomes()] == [f"{first}.1", f"{third}.1"]


def test_a_state_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file: cannot be made: .*give another --state"):
        Store(tmp_path / "file", StoreConfig())


def test_another_writer_is_waited_for_and_then_named(store: Store, state: Path) -> None:
    number = add(store)
    other = sqlite3.connect(state / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process"):
        store.record(reports.full_report(number, number=2))
    other.execute("ROLLBACK")
    other.close()
    store.record(reports.full_report(number, number=2))
    assert store.digest(1, 2) is not None


def test_a_removed_state_is_made_anew(store: Store, state: Path, tmp_path: Path) -> None:
    number = add(store)
    state.rename(tmp_path / "aside")
    store.record(reports.full_report(number, number=2))
    assert store.digest(1, 2) is not None
    assert (state / "store.db").exists()
