"""What ``export`` writes of a state directory, also of one that is being written."""

import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
import reports
from click.testing import CliRunner

from llamas_bpf.as_json import digest_json
from llamas_bpf.cli.export import command
from llamas_bpf.config import StoreConfig
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.errors import LlamasError
from llamas_bpf.store import Export, Store, StoreError
from llamas_bpf.store.export import _BATCH


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two runs: in the first all things happened, in the second more windows than are read at a time."""
    place = tmp_path / "state"
    with Store(place, StoreConfig()) as store:
        run = store.begin_run(reports.MACHINE, "llm,rules", enforce=True)
        number = store.add_hints(1, "llm", [reports.hint()], "x1", run)[0]
        store.record(reports.full_report(number))
    with Store(place, StoreConfig()) as store:
        run = store.begin_run(reports.MACHINE, "rules", enforce=False)
        for window in range(1, 2 * _BATCH + 10):
            store.add_hints(window, "rules", [reports.hint()], None, run)
            store.record(WindowReport(reports.situation(window), advisor="rules"))
    return place


def lines(state: Path) -> list[dict[str, Any]]:
    with Export.open(state) as store:
        found = list(store.lines())
        assert store.count() == len(found)
    return found


def test_everything_is_there_in_order(state: Path) -> None:
    found = lines(state)
    assert [line["kind"] for line in found[:4]] == ["run", "decision", "exchange", "digest"]
    by_kind = {line["kind"]: line for line in found[:4]}
    assert by_kind["run"]["machine"] == reports.MACHINE.model_dump(mode="json")
    assert by_kind["exchange"]["prompt"][1]["content"] == "w1 is slow"
    decision = by_kind["decision"]
    assert (decision["run"], decision["window"], decision["exchange_id"]) == (1, 1, "x1")
    assert [decision[stage][0]["window"] for stage in ("refused", "applied", "restored", "judged")] == [1] * 4
    digest = {key: by_kind["digest"][key] for key in ("window", "machine", "lost", "workloads")}
    assert digest == digest_json(reports.situation().digest)
    assert digest["workloads"][0]["started_by_exec"]
    second = found[4:]
    assert [line["number"] for line in second if line["kind"] == "digest"] == list(range(1, 2 * _BATCH + 10))
    assert [line["window"] for line in second if line["kind"] == "decision"] == list(
        range(1, 2 * _BATCH + 10)
    )
    times = [line["at_s"] for line in second]
    assert times == sorted(times)


def test_a_run_whose_beginning_was_dropped(state: Path) -> None:
    db = sqlite3.connect(state / "store.db")
    with db:
        db.execute("DELETE FROM runs WHERE id = 1")
    db.close()
    assert {line["run"] for line in lines(state)} == {1, 2}


def test_while_a_controller_writes(state: Path) -> None:
    with Store(state, StoreConfig()) as store, Export.open(state) as reader:
        store.begin_run(reports.MACHINE, "rules", enforce=False)
        found = 0
        for found, _ in enumerate(reader.lines(), start=1):
            if found % 20 == 0:
                store.record(WindowReport(reports.situation(found), advisor=None))
        assert found > 2 * (2 * _BATCH)


def test_the_command(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.jsonl"
    done = CliRunner().invoke(command, ["--out", str(out), "--state", str(state)])
    assert done.exit_code == 0
    written = out.read_text().splitlines()
    assert [json.loads(line) for line in written] == lines(state)
    assert done.stderr == f"{len(written)} lines in {out}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    shown = CliRunner().invoke(command, ["--out", "-", "--state", str(state)])
    assert shown.stdout.splitlines() == written


def test_a_file_that_was_there_becomes_nobody_elses(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.jsonl"
    out.write_text("old")
    out.chmod(0o666)
    reader = out.open()  # whoever had it open does not see what is new
    CliRunner().invoke(command, ["--out", str(out), "--state", str(state)])
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(out.read_text().splitlines()) == len(lines(state))
    assert reader.read() == "old"
    reader.close()


def test_a_link_is_not_followed(state: Path, tmp_path: Path) -> None:
    precious, out = tmp_path / "precious", tmp_path / "all.jsonl"
    precious.write_text("root's")
    for target in (precious, tmp_path / "none"):
        out.unlink(missing_ok=True)
        out.symlink_to(target)
        done = CliRunner().invoke(command, ["--out", str(out), "--state", str(state)])
        assert isinstance(done.exception, LlamasError)
        assert "is a link, which is not followed" in str(done.exception)
    assert precious.read_text() == "root's"
    assert not (tmp_path / "none").exists()


def test_an_export_that_fails_leaves_what_was_there(state: Path, tmp_path: Path) -> None:
    db = sqlite3.connect(state / "store.db")
    with db:
        db.execute("UPDATE digests SET body = x'00' WHERE id = 5")
    db.close()
    out = tmp_path / "place" / "all.jsonl"
    out.parent.mkdir()
    out.write_text("old")
    done = CliRunner().invoke(command, ["--out", str(out), "--state", str(state)])
    assert isinstance(done.exception, StoreError)
    assert out.read_text() == "old"
    assert list(out.parent.iterdir()) == [out]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    digest = reports.digest({"w1": reports.ROW}, names={"w1": "a\udcff\x1b[31m"})
    with Store(tmp_path, StoreConfig()) as store:
        store.begin_run(reports.MACHINE, "rules", enforce=False)
        store.record(WindowReport(reports.situation(1, [digest]), advisor=None))
    done = CliRunner().invoke(command, ["--out", "-", "--state", str(tmp_path)])
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert json.loads(done.stdout.splitlines()[1])["workloads"][0]["name"] == "a\udcff\x1b[31m"


def test_what_is_no_number_does_not_break_the_lines(state: Path) -> None:
    db = sqlite3.connect(state / "store.db")
    with db:
        db.execute(
            "UPDATE exchanges SET body = replace(body, '\"latency_ns\": 40000000', '\"latency_ns\": NaN')"
        )
    db.close()
    done = CliRunner().invoke(command, ["--out", "-", "--state", str(state)])
    assert done.exit_code == 0
    assert "NaN" not in done.stdout
    (asked,) = [line for line in map(json.loads, done.stdout.splitlines()) if line["kind"] == "exchange"]
    assert asked["latency_ns"] is None


def test_where_there_is_nothing(tmp_path: Path) -> None:
    out = tmp_path / "x"
    done = CliRunner().invoke(command, ["--out", str(out), "--state", str(tmp_path / "none")])
    assert isinstance(done.exception, StoreError)
    assert "nothing is kept there yet" in str(done.exception)
    assert not out.exists()


@pytest.mark.parametrize(("out", "why"), [("/proc/none", "No such file"), ("/dev/full", "No space left")])
def test_where_it_cannot_be_written(state: Path, out: str, why: str) -> None:
    done = CliRunner().invoke(command, ["--out", out, "--state", str(state)])
    assert isinstance(done.exception, LlamasError)
    assert str(done.exception).startswith(f"{out}: {why}")


def test_a_damaged_store(state: Path) -> None:
    db = sqlite3.connect(state / "store.db")
    with db:
        db.execute("UPDATE digests SET body = x'00' WHERE id = 5")
    db.close()
    with Export.open(state) as store, pytest.raises(StoreError, match="is damaged"):
        list(store.lines())
