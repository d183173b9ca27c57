"""The advisor's database: found again whatever is asked, bounded, and never fatal when it is damaged."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from context_windows import NOTHING, Scripted, asked, context, event, observation, results, script, step
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from situations import situation, stream

from llamas_bpf.advise.confined.messages import Document
from llamas_bpf.advise.context.archival import CHUNK, chunks
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.context.memory import Memory, StorageError
from llamas_bpf.advise.context.recall import When

MIB = 1 << 20


@pytest.fixture
def memory(tmp_path: Path) -> Any:
    opened = Memory(tmp_path / "memory.db", 64 * MIB)
    yield opened
    opened.close()


def texts(found: tuple[list[Any], int]) -> list[str]:
    return [row["text"] for row in found[0]]


def test_the_best_match_comes_first(memory: Memory) -> None:
    for number in range(300):
        memory.recall.add(When(1, number, 0.0), "event", f"window {number}, w{number % 3}: place_memory")
    memory.recall.add(When(1, 300, 0.0), "event", "window 300, w1: cap_memory harmed and was undone")
    assert texts(memory.recall.search("cap_memory")) == ["window 300, w1: cap_memory harmed and was undone"]
    # All words where some text has them all, else any of them.
    assert texts(memory.recall.search("w1 harmed"))[0].startswith("window 300")
    assert texts(memory.recall.search("harmed elephants"))[0].startswith("window 300")
    found, total = memory.recall.search("place_memory")
    assert (len(found), total) == (200, 300)


HOSTILE = [
    "",
    '"',
    '""',
    "'",
    "*",
    "^w1",
    "NEAR(w1 w2)",
    "w1 AND",
    "OR",
    "NOT w1",
    "text:w1",
    "(w1",
    "w1)",
    "- w1",
    "{text}: w1",
    "w1 + w2",
    '"w1',
    "\x00",
    "w1\x00w2",
    "\ud800",
    "é ü 中文 \u202e 🦙",
    "٣ Ⅷ ½",
    "x" * 10_000_000,
    "w1 " * 1_000_000,
    '" OR 1=1; DROP TABLE entries; --',
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_no_query_is_an_instruction(memory: Memory, query: str) -> None:
    memory.recall.add(When(1, 1, 0.0), "event", "w1 w2 and OR near text é")
    for search in (memory.recall.search, memory.archival.search):
        found, total = search(query)
        assert len(found) == total <= 1
    assert memory.recall.count() == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text())
def test_whatever_is_kept_is_found_by_its_words(memory: Memory, text: str) -> None:
    memory.recall.add(When(1, 1, 0.0), "event", f"{text} zebra")
    memory.recall.search(text)
    assert memory.recall.search("zebra")[1] > 0


def test_ten_megabytes_do_no_harm(memory: Memory) -> None:
    memory.recall.add(When(1, 1, 0.0), "result", "zebra " + "\ud800x" * 5_000_000)
    assert memory.recall.search("zebra")[1] == 1
    assert memory.archival.insert("word " * 2_000_000)
    assert memory.archival.search("word")[1] > 1000


def test_recall_is_bounded_and_decisions_go_last(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db", MIB)
    records = [{"id": f"w{n}", "name": f'"n{n}"', "x": list(range(n, 300 + n))} for n in range(20)]
    decided = 0
    for number in range(1, 800):
        if number % 10 == 0:
            decided += 1
            said = [("verdict", "w1", '"n1"', f"window {number}, w1: verdict: it helped")]
        else:
            said = [("refusal", "w2", '"n2"', f"window {number}, w2: refusal: " + "for this reason " * 20)]
        memory.recall.add_window(When(1, number, 0.0), records, said)
        if number % 100 == 0:
            size = sum(path.stat().st_size for path in tmp_path.glob("memory.db"))
            assert size < 1.5 * MIB
    assert memory.recall.search("verdict")[1] == decided
    assert texts(memory.recall.search("window 10 helped"))[0].startswith("window 10,")
    with memory.transaction() as db:
        windows = [row[0] for row in db.execute("SELECT window FROM digests ORDER BY id")]
        entries = db.execute("SELECT count(*) FROM entries").fetchone()[0]
        db.execute("INSERT INTO entries_text (entries_text, rank) VALUES ('integrity-check', 1)")
        db.execute("INSERT INTO digests_text (digests_text, rank) VALUES ('integrity-check', 1)")
    assert windows[-1] == 799
    assert windows == list(range(windows[0], 800))
    assert windows[0] > 1
    assert memory.recall.count() == len(windows) + entries
    memory.close()


def test_documents_are_kept_once_and_follow_the_operators_files(memory: Memory) -> None:
    first = [Document(source="devices/gpu0.md", text="a fast zebra"), Document(source="a.md", text="an ant")]
    for _ in range(2):
        assert memory.archival.keep_documents(first) == []
        assert memory.archival.search("zebra")[1] == memory.archival.search("ant")[1] == 1
    assert memory.archival.insert("a note on a zebra")
    assert not memory.archival.insert("a note on a zebra")
    memory.archival.keep_documents([Document(source="devices/gpu0.md", text="a slow zebra")])
    assert texts(memory.archival.search("zebra slow")) == ["a slow zebra"]
    assert texts(memory.archival.search("fast")) == []
    assert texts(memory.archival.search("ant")) == []
    assert texts(memory.archival.search("note")) == ["a note on a zebra"]
    assert texts((memory.archival.of_source("gpu0"), 0)) == ["a slow zebra"]


def test_archival_storage_is_bounded(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db", 40_000)  # a quarter of it for documents and notes
    assert memory.archival.keep_documents([Document(source="a.md", text="zebra " * 1000)]) == []
    assert memory.archival.keep_documents(
        [Document(source="a.md", text="zebra " * 1000), Document(source="b.md", text="ant " * 2000)]
    ) == ["b.md"]
    for number in range(100):
        assert memory.archival.insert(f"note {number} " + "x" * 90)
    assert memory.archival.search("zebra")[1] > 0
    assert texts(memory.archival.search("note 99"))[0].startswith("note 99")
    assert not any(text.startswith("note 1 ") for text in texts(memory.archival.search("note 1")))
    with pytest.raises(FunctionError, match="no room for 10000 characters"):
        memory.archival.insert("y" * 10_000)
    memory.close()


@given(st.text(alphabet="ab \n\u00e9", max_size=4000))
def test_chunks_lose_nothing(text: str) -> None:
    found = list(chunks(text, 100))
    assert all(0 < len(chunk) <= 100 for chunk in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_chunks_keep_paragraphs_together() -> None:
    paragraphs = [letter * 300 for letter in "abc"]
    assert list(chunks("\n\n".join(paragraphs))) == ["\n\n".join(paragraphs[:2]), paragraphs[2]]
    assert CHUNK == 700


def damage(path: Path, how: str) -> None:
    size = path.stat().st_size
    match how:
        case "garbage":
            path.write_bytes(b"\xff" * size)
        case "cut":
            with path.open("r+b") as file:
                file.truncate(size // 2 // 4096 * 4096)
        case "middle":
            with path.open("r+b") as file:
                for page in range(4096 * 2, size, 4096):
                    file.seek(page)
                    file.write(b"\xa5" * 2000)
        case "version":
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 99")
            db.close()
        case "tables":
            path.unlink()
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 1")
                db.execute("CREATE TABLE state (other)")
            db.close()


@pytest.mark.parametrize("how", ["garbage", "cut", "middle", "version", "tables"])
def test_a_damaged_database_is_put_aside(tmp_path: Path, how: str) -> None:
    of = context(script(step("core_memory_append", block="machine", text="x"), NOTHING), tmp_path)
    for number in range(1, 50):
        of.observe(observation(number, events=[event("it helped", decision=number)]))
    of.answer(observation(50))
    of._memory.close()
    damage(tmp_path / "memory.db", how)
    model = Scripted(script(step("conversation_search", query="helped"), NOTHING))
    again = context(model, tmp_path)
    assert any("put aside" in note and "memory.db.damaged" in note for note in again.notes)
    assert (tmp_path / "memory.db.damaged").exists()
    answered = asked(again, observation(51, events=[event("it helped again")]))
    assert [exchange.status for exchange in answered.exchanges] == ["ok", "ok"]
    assert results(model.prompts[1])[0]["found"] == 1
    assert context(script(NOTHING), tmp_path).notes == []


def test_damage_while_it_runs_is_survived(tmp_path: Path) -> None:
    model = Scripted(script(step("conversation_search", query="helped"), NOTHING))
    of = context(model, tmp_path)
    for number in range(1, 200):
        of.observe(observation(number, events=[event("it helped", decision=number)]))
    of._memory.close()
    damage(tmp_path / "memory.db", "garbage")
    (tmp_path / "memory.db-wal").unlink(missing_ok=True)
    of.observe(observation(200))
    of.observe(observation(201, events=[event("it helped once more")]))
    assert any("put aside" in note for note in of.notes)
    assert asked(of, observation(202)).exchanges[-1].status == "ok"
    assert of.figures().recalled_entries < 10


def test_a_workload_that_is_gone_is_found_by_its_name(tmp_path: Path) -> None:
    nameless = event("it helped").model_copy(update={"name": None})
    model = Scripted(script(step("conversation_search", query='"hot" verdict'), NOTHING))
    of = context(model, tmp_path)
    of.observe(observation(1))
    gone = situation([stream()], number=2)
    # At first only a window tells the name; then an event does.
    of.observe(observation(2, gone, events=[nameless]))
    of.observe(observation(3, gone, events=[nameless]))
    of.observe(observation(4, gone, events=[nameless.model_copy(update={"workload": "w77"})]))
    asked(of, observation(5, gone))
    found = results(model.prompts[1])[0]["items"]
    told = [item for item in found if "verdict: it helped" in item]
    assert told[:2] == [f'window {n}, decision 7, w1 "hot": verdict: it helped' for n in (2, 3)]
    assert "window 4, decision 7, w77: verdict: it helped" in model.prompts[0][1]["content"]


def test_an_event_that_is_told_late_keeps_its_window(tmp_path: Path) -> None:
    model = Scripted(script(NOTHING))
    of = context(model, tmp_path)
    asked(
        of, observation(9, events=[event("it helped").model_copy(update={"window": 3}), event("it harmed")])
    )
    told = model.prompts[0][1]["content"]
    assert 'window 3, decision 7, w1 "hot": verdict: it helped' in told
    assert 'window 9, decision 7, w1 "hot": verdict: it harmed' in told


def test_without_a_disk_it_goes_on(tmp_path: Path) -> None:
    model = Scripted(script(step("conversation_search", query="helped"), NOTHING))
    of = context(model, tmp_path / "missing")
    answered = asked(of, observation(1, events=[event("it helped")]))
    assert [exchange.status for exchange in answered.exchanges] == ["invalid", "ok"]
    assert "memory cannot be read" in results(model.prompts[1])[0]["error"]
    assert "verdict: it helped" in model.prompts[0][-1]["content"]
    assert any("missing/memory.db" in note for note in of.notes)


def test_a_prepared_schema_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    Memory(path, MIB).check()
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TRIGGER evil AFTER INSERT ON entries BEGIN"
            " INSERT INTO chunks_text (rowid, text) VALUES (7, 'evil'); END"
        )
    db.close()
    memory = Memory(path, MIB)
    with pytest.raises(StorageError, match="unsafe use"):
        memory.recall.add(When(1, 1, 0.0), "event", "x")
    assert memory.archival.search("evil") == ([], 0)


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    of = context(script(NOTHING), tmp_path)
    asked(of, observation(1))
    assert [oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("memory.db*")] == ["0o600"] * 3
    of._memory.close()
    (tmp_path / "memory.db").rename(tmp_path / "other.db")
    (tmp_path / "memory.db").symlink_to(tmp_path / "other.db")
    assert any("symbolic links" in note for note in context(script(NOTHING), tmp_path).notes)
