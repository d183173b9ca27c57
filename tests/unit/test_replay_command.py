"""``replay FILE --advisor X``: side by side, the same every time, and without acting."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openai_server import hints, serving
from recurring import Model, Program, phases, town
from situations import digest, hot, machine

from llamas_bpf import advise
from llamas_bpf import machine as machine_module
from llamas_bpf.advise.experience import ExperienceAdvisor
from llamas_bpf.as_json import digest_json
from llamas_bpf.cli import export, replay
from llamas_bpf.config import Config
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.controller.replay import replay as again
from llamas_bpf.errors import ConfigError
from llamas_bpf.recording import load
from llamas_bpf.store import Export


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """200 windows of a recurring program; the first hints are a model's, the later ones experience's."""
    place = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch, town(place, patch, ExperienceAdvisor(), Model()) as there:
        there.go(Program(), phases(("A", 40), ("B", 30)), 200)
        state = there.state
    file = place / "run.jsonl"
    done = CliRunner().invoke(export.command, ["--out", str(file), "--state", str(state)])
    assert done.exit_code == 0
    yield file


def replayed(file: Path, *options: str) -> Result:
    done = CliRunner().invoke(replay.command, [str(file), *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done


def test_its_own_record_agrees_fully_and_every_time(recorded: Path) -> None:
    first, second = (replayed(recorded, "--advisor", f"replay:{recorded}") for _ in range(2))
    assert first.stdout_bytes == second.stdout_bytes
    *table, summary = first.stdout.splitlines()
    made = [line for line in map(json.loads, recorded.read_text().splitlines()) if line["kind"] == "decision"]
    assert len(made) >= 3
    assert {line["advisor"] for line in made} == {"llm", "experience"}
    assert summary == f"agreed {len(made)} of {len(made)} times that anything was said, in 200 windows"
    assert len([line for line in table if "the same" in line]) == len(made)
    assert max(map(len, table)) <= 80


def test_what_other_advisors_would_have_said(recorded: Path) -> None:
    done = replayed(recorded, "--advisor", "rules")
    assert "weigh_cpu weight 400" in done.stdout
    assert "agreed 0 of " in done.stdout
    assert done.stderr.startswith("no model is configured")
    experienced = replayed(recorded, "--advisor", "experience,rules", "--json")
    windows = [json.loads(line) for line in experienced.stdout.splitlines()]
    # Only what the model had said first is unknown to it; what it gave itself then, it gives now.
    agreed = [window["agreed"] for window in windows if window["advisor"] == "experience" and window["then"]]
    assert len(agreed) >= 2
    assert all(agreed)


def test_as_json_each_window_is_an_object(recorded: Path) -> None:
    done = replayed(recorded, "--advisor", f"replay:{recorded}", "--json")
    windows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(window["agreed"] and window["then"] for window in windows)
    assert windows[0].keys() == {"window", "then", "now", "advisor", "agreed"}
    assert windows[0]["then"][0]["weight"] == 400
    assert "agreed " in done.stderr


class Watcher(ExperienceAdvisor):
    """Keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Situation] = []

    def observe(self, situation: Situation) -> None:
        if not self.seen or self.seen[-1].number != situation.number:
            self.seen.append(situation)
        super().observe(situation)


def test_situations_are_those_of_then(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the situations of a controller that lives through the same again."""
    live, later = Watcher(), Watcher()
    with town(tmp_path, monkeypatch, live, Model()) as there:
        there.go(Program(), phases(("A", 40), ("B", 30)), 200)
    recording = load(recorded)
    assert recording.machine is not None
    list(again(recording, recording.machine, [later], lambda: None))
    assert len(live.seen) == len(later.seen) == 200
    for then, now in zip(live.seen, later.seen, strict=True):
        where = f"window {then.number}"
        assert [one.action.id for one in now.in_force] == [one.action.id for one in then.in_force], where
        assert now.on_trial == then.on_trial, where
        assert now.proven == then.proven, where
        assert now.scope == then.scope, where
        assert now.left_alone == then.left_alone, where
        assert [one.verdict for one in now.outcomes] == [one.verdict for one in then.outcomes], where
        assert [(one.gist, one.helped, one.hint) for one in now.lessons] == [
            (one.gist, one.helped, one.hint) for one in then.lessons
        ], where
        assert [one.hint for one in now.last.decisions] == [one.hint for one in then.last.decisions], where


def test_a_live_run_by_the_record_does_the_same(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a server, and although the program is called otherwise now."""
    (built,) = advise.build(f"replay:{recorded}", Config())
    with town(tmp_path, monkeypatch, built) as there:
        reports = there.go(Program(id="w5"), phases(("A", 40), ("B", 30)), 200)
    then = [line for line in map(json.loads, recorded.read_text().splitlines()) if line["kind"] == "decision"]
    now = [(report, decision) for report in reports for decision in report.decisions]
    assert [(report.situation.number, decision.advisor) for report, decision in now] == [
        (line["window"], "replay") for line in then
    ]
    assert {decision.hint.model_dump()["workload"] for _, decision in now} == {"w5"}
    assert [outcome.verdict for report in reports for outcome in report.outcomes] == ["helped"] * len(then)


def test_it_waits_for_a_model(recorded: Path) -> None:
    """An answer is one of the window after its question, however long it took."""

    class Slow(Model):
        name = "slow"
        waits = 0

        def idle(self) -> bool:
            self.waits += 1
            return self.waits % 3 == 0

    model, recording = Slow(), load(recorded)
    assert recording.machine is not None
    calls = list(again(recording, recording.machine, [model], lambda: replay._wait([model], Config())))
    assert len(calls) == 200
    assert model.waits == 600


def test_a_model_is_asked_within_the_budget_of_all_runs(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[llm]\nmodel = "m"\ncontext.tokens = 20000\nbudget.calls_per_day = 2\n')
    options = ("--advisor", "llm,rules", "--config", str(config), "--state", str(tmp_path / "state"))
    with serving(hints()) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        first = replayed(recorded, *options)
        assert len(server.questions) == 2
        assert "the model is asked anew about 200 windows" in first.stderr
        assert first.stderr.count("llm gives no answer (budget: 2 calls in a day are spent") == 1
        again = replayed(recorded, *options)
        assert len(server.questions) == 2
        assert "from window 5: llm gives no answer (budget: " in again.stderr
    # It is no run: nobody takes it for one that could be replayed.
    with Export.open(tmp_path / "state") as store:
        assert (list(store.lines()), store.count()) == ([], 0)


def digests(place: Path, nodes: tuple[int, ...] = (0, 1, 2), **row: Any) -> Path:
    of = machine(tiers=((nodes[:2]), (nodes[2:])))
    rows = [hot(started_by_exec=True, node_bytes=[0.0] * len(nodes), **row)]
    file = place / "digests.jsonl"
    lines = (json.dumps(digest_json(digest(rows, of, number))) for number in range(20))
    file.write_text("".join(line + "\n" for line in lines))
    return file


def test_digests_alone_are_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "read", machine)
    done = replayed(digests(tmp_path), "--advisor", "rules")
    assert "does not tell of which machine it is: this one is taken" in done.stderr
    assert done.stdout.splitlines()[-1].endswith("in 20 windows")


def test_or_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "read", machine)
    done = CliRunner().invoke(replay.command, [str(digests(tmp_path, (0, 1, 7))), "--advisor", "rules"])
    assert isinstance(done.exception, ConfigError)
    assert "has the nodes [0, 1, 7], here are [0, 1, 2]" in str(done.exception)


def test_hostile_names_do_no_harm(recorded: Path, tmp_path: Path) -> None:
    file = tmp_path / "named.jsonl"
    name = "\x1b[2J\u202e[bold]:smile:" + "x" * 300
    text = recorded.read_text().replace('"name": "hot"', f'"name": {json.dumps(name)}')
    file.write_text(text)
    done = replayed(file, "--advisor", "rules")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert r"\x1b" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda line: line | {"number": 1}, "windows must be numbered upwards"),
        (lambda line: line | {"number": "2"}, "windows must be numbered upwards"),
        (lambda line: line | {"window": {"start_ns": 1}}, r"window\.end_ns"),
        (lambda line: line | {"machine": 3}, "machine"),
    ],
)
def test_a_wrong_digest_is_named(recorded: Path, tmp_path: Path, change: Any, why: str) -> None:
    lines = [json.loads(line) for line in recorded.read_text().splitlines()]
    places = [place for place, line in enumerate(lines) if line["kind"] == "digest"]
    lines[places[9]] = change(lines[places[9]])
    file = tmp_path / "wrong.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = CliRunner().invoke(replay.command, [str(file), "--advisor", "rules"])
    assert isinstance(done.exception, ConfigError)
    assert done.exit_code == 1
    done.exception.__traceback__ = None
    with pytest.raises(ConfigError, match=f"line {places[9] + 1}: {why}"):
        raise done.exception


def test_nothing_to_ask_about(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(json.dumps({"kind": "run", "run": 1, "machine": machine().model_dump(mode="json")}))
    done = CliRunner().invoke(replay.command, [str(file), "--advisor", "rules"])
    assert "has no digests" in str(done.exception)
