"""The window is never exceeded: messages leave it for recall storage, and what left is found again."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from context_windows import (
    NOTHING,
    PROMPTS,
    Messages,
    Scripted,
    asked,
    by_byte,
    by_chars,
    context,
    decided,
    dense,
    event,
    observation,
    results,
    script,
    start,
    step,
    talkative,
)
from situations import Row, digest, machine, situation

from llamas_bpf.advise.context.conversation import Context
from llamas_bpf.advise.model.answer import AnswerError, Reply
from llamas_bpf.contracts.action import Refusal

SUMMARY = "Summary of what came before: "
CROWD = situation(
    [
        Row(
            f"w{n}",
            {"sched.run_ns": n * 1e7, "faults.minor": 10.0 * n, "memory.current_bytes": n << 20},
            (n << 20, 0, 0),
        )
        for n in range(1, 60)
    ],
    recent=[digest([Row("w59", {"sched.run_ns": n * 1e6}, (n << 20, 0, 0))], machine(), n) for n in range(5)],
    refusals=[
        Refusal(hint_id=1, check="rate", sentence=f"too soon, w{n}", workload=f"w{n}") for n in (30, 59)
    ],
)


def found_again(of: Context, number: int, word: str) -> list[str]:
    """What conversation_search tells of it, when the model asks."""
    model: Any = of._model
    model.play = script(step("conversation_search", query=word), NOTHING)
    answered = asked(of, observation(number))
    assert answered.exchanges[-1].status == "ok"
    items: list[str] = results(model.prompts[-1])[-1]["items"]
    return items


def run(path: Path, count: Callable[[str], float], windows: int, every: int, **config: Any) -> Scripted:
    model = Scripted(talkative, count)
    of = context(model, path, tokens=8000, **config)
    usual, asking = observation(asks=False), observation()
    for number in range(1, windows + 1):
        asks = number % every == 0
        said = decided(number) if number % 3 == 0 else []
        about = (asking if asks else usual).model_copy(
            update={"number": number, "at_s": 1e9 + number, "events": said}
        )
        of.observe(about)
        if asks:
            answered = of.answer(about)
            # The scripted server raises where a prompt and its answer exceed the window.
            assert not [e.detail for e in answered.exchanges if "Error" in e.detail]
    assert of.notes == []
    for number in (3, windows // 2 // 3 * 3, windows // 3 * 3):
        assert any(
            f"reason {number * 7919}" in item
            for item in found_again(of, windows + number, f"decision {number} hint")
        )
    return model


@pytest.mark.parametrize("count", [by_chars(2.5), by_byte, dense], ids=["chars", "bytes", "dense"])
def test_ten_thousand_windows_never_exceed_the_window(tmp_path: Path, count: Callable[[str], float]) -> None:
    windows = 1000 if count in (dense, by_byte) else 10_000
    model = run(tmp_path, count, windows, windows // 50)
    assert model.fullest <= 8000


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_asked_in_each_of_ten_thousand_windows(tmp_path: Path) -> None:
    run(tmp_path, by_chars(2.5), 10_000, 1)


def filled(model: Scripted, path: Path, questions: int, **config: Any) -> Context:
    of = context(model, path, **({"tokens": 8000} | config))
    for number in range(1, questions + 1):
        asked(of, observation(number, events=decided(number)))
    return of


def test_it_is_warned_once_and_then_half_of_it_is_evicted(tmp_path: Path) -> None:
    model = Scripted(script(step("archival_memory_search", query="zebra"), NOTHING))
    of = filled(model, tmp_path, 60)
    prompts = [json.dumps(messages) for messages in model.asking]
    warned = ["Memory pressure: " in prompt for prompt in prompts]
    flushes = [place for place, schema in enumerate(model.schemas) if schema is None and place > 0]
    assert len(flushes) >= 2
    assert not warned[0]
    # Before each time that messages leave, and not again until the next.
    assert all("Memory pressure: " in json.dumps(model.prompts[place - 1]) for place in flushes)
    assert all(prompt.count("Memory pressure: ") <= 1 for prompt in prompts)
    with of._memory.transaction() as db:
        warnings = db.execute("SELECT count(*) FROM entries WHERE kind = 'warning'").fetchone()[0]
    assert len(flushes) <= warnings <= len(flushes) + 1
    percent = re.search(r"Memory pressure: (\d+) % of your window", prompts[warned.index(True)])
    assert percent is not None
    assert 70 <= int(percent[1]) <= 100
    before, after = model.prompts[flushes[0] - 1], model.prompts[flushes[0] + 1]
    fixed = model.tokens(after[:1])
    assert 0.3 < (model.tokens(after) - fixed) / (model.tokens(before) - fixed) < 0.85
    assert f"{SUMMARY}sums up" in after[1]["content"]


def test_the_summary_is_recursive_and_bounded(tmp_path: Path) -> None:
    made: list[str] = []

    def play(messages: Messages, schema: Any) -> str:
        if schema is not None:
            return NOTHING
        made.append(messages[0]["content"])
        return f"summary {len(made)} " + "x" * 100_000

    model = Scripted(play)
    filled(model, tmp_path, 80)
    assert len(made) > 2
    made = [prompt for prompt in made if "Summary so far" in prompt]
    assert "Summary so far: none" in made[0]
    assert 'window 1, decision 1, w1 "hot": hint: place_memory' in made[0]
    assert "Summary so far: summary " in made[1]
    shown = re.search(rf"{SUMMARY}(\S.*)", model.prompts[-1][1]["content"])
    assert shown is not None
    assert len(shown[1]) <= 1500


class NoSummaries(Scripted):
    """Fails where it is to sum up."""

    def ask(self, messages: Messages, most_tokens: int, schema: Any) -> Reply:
        if schema is None and "Summary so far" in messages[0]["content"]:
            raise AnswerError("http_error", "HTTP 500: no")
        return super().ask(messages, most_tokens, schema)


@pytest.mark.parametrize(
    "model", [NoSummaries(script(NOTHING)), Scripted(lambda _, schema: NOTHING if schema else "")]
)
def test_flushing_does_not_depend_on_the_server(tmp_path: Path, model: Scripted) -> None:
    of = filled(model, tmp_path, 60)
    assert of.figures().flushes > 1
    shown = model.prompts[-1][1]["content"]
    assert re.search(rf"{SUMMARY}.*\d+ messages of windows \d+ to \d+ are in recall storage", shown)
    assert "verdict: run time rose by" in shown


def test_while_nobody_asks_the_queue_is_bounded(tmp_path: Path) -> None:
    model = Scripted(script(NOTHING))
    of = context(model, tmp_path, tokens=8000)
    usual = observation(asks=False)
    for number in range(1, 1000):
        of.observe(usual.model_copy(update={"number": number, "events": decided(number)}))
    assert of.figures().flushes > 1
    assert asked(of, observation(1000)).exchanges[-1].status == "ok"
    assert of.figures().recalled_entries > 3000


def test_an_event_that_is_told_again_and_again_is_in_the_window_once(tmp_path: Path) -> None:
    model = Scripted(script(NOTHING))
    of = context(model, tmp_path)
    for number in range(1, 50):
        of.observe(
            observation(number, events=[event("w2 is not in scope", "refusal", number, "w2")], asks=False)
        )
    asked(of, observation(50))
    assert model.prompts[0][1]["content"].count("refusal: w2 is not in scope") == 1
    assert of.figures().recalled_entries >= 2 * 49


def test_an_old_situation_becomes_a_line(tmp_path: Path) -> None:
    model = Scripted(script(NOTHING))
    filled(model, tmp_path, 3, tokens=32_000)
    text = json.dumps(model.prompts[-1])
    assert text.count("# Workloads") == 1
    assert text.count("you were asked about the situation then") == 2


def test_a_restarted_process_goes_on(tmp_path: Path) -> None:
    model = Scripted(script(step("core_memory_append", block="lessons", text="node2 is slow"), NOTHING))
    of = filled(model, tmp_path, 60)
    fullest = model.prompts[-1]
    del of  # as after kill -9: nothing is closed
    again = Scripted(script(NOTHING))
    answered = asked(context(again, tmp_path, tokens=8000), observation(61))
    assert "measure" not in [exchange.function for exchange in answered.exchanges]
    prompt = again.prompts[-1]
    assert '"node2 is slow"' in prompt[1]["content"]
    summary = re.search(rf"{SUMMARY}(\S.*)", fullest[1]["content"])
    assert summary is not None
    assert summary[1] in json.dumps(again.prompts)
    assert "decision 60" in json.dumps(prompt)


def test_ids_of_an_earlier_run_are_told_apart(tmp_path: Path) -> None:
    for run_name in ("first", "second"):
        model = Scripted(
            script(step("workload_detail", workload="w1"), step("conversation_search", query="rose"), NOTHING)
        )
        of = context(model, tmp_path, tokens=32_000, run=run_name)
        asked(of, observation(1, events=[event(f"run time rose in the {run_name} run")]))
    prompt = model.prompts[-1]
    assert "ids such as w3 in what was said before this line mean other workloads" in json.dumps(prompt)
    detail, searched = results(prompt)[-2:]
    assert any(item.startswith("(an earlier run, the same name) window 1") for item in detail["items"])
    assert sum("an earlier run, where ids meant others" in item for item in searched["items"]) >= 1


@pytest.mark.parametrize(("share", "least", "most"), [(0.06, 1, 6), (0.12, 10, 20), (0.3, 24, 24)])
def test_a_situation_is_cut_to_its_share(tmp_path: Path, share: float, least: int, most: int) -> None:
    model = Scripted(script(NOTHING))
    of = context(model, tmp_path, tokens=8000, situation_share=share)
    for number in (1, 2):
        asked(of, observation(number, CROWD))
    text = model.prompts[-1][-1]["content"]
    shown = re.findall(r"^(w\d+) \| ", text, re.MULTILINE)
    assert least <= len(shown) <= most
    assert shown == [f"w{n}" for n in range(59, 59 - len(shown), -1)]
    rest = re.search(r"together: (\d+) workloads, ([\d.]+) faults/s, ([\d.]+) CPUs used, ([\d.]+) MiB", text)
    assert rest is not None
    left = range(1, 60 - len(shown))
    assert int(rest[1]) == len(left)
    sums = [sum(left) * 10, sum(left) / 100, sum(left)]
    assert [float(figure) for figure in rest.groups()[1:]] == pytest.approx(sums, rel=0.02)
    assert ("too soon, w30" in text) == ("w30" in shown)
    assert ("w45: " in text) == ("w45" in shown)
    # Its history goes last.
    assert ("0.003,0.004,0.59" in text) == (share > 0.1)


def test_what_the_figures_say(tmp_path: Path) -> None:
    model = Scripted(script(NOTHING))
    of = context(model, tmp_path, tokens=32_000)
    asked(of, observation())
    figures = of.figures()
    assert model.tokens(model.prompts[0]) <= figures.context_tokens < 32_000
    assert (figures.flushes, figures.recalled_entries) == (0, 3)  # the window, its situation, the answer


def test_templates_are_the_operators(tmp_path: Path) -> None:
    texts = dict(PROMPTS.texts, situation="{{ rows | length }} workloads{{ names.__class__ }}")
    model = Scripted(script(NOTHING))
    model.window = 32_000
    told = start(tokens=32_000).model_copy(update={"templates": texts})
    answered = asked(Context(model, told, tmp_path / "memory.db"), observation())
    assert answered.exchanges[-1].status == "invalid"
    assert "__class__" in answered.exchanges[-1].detail
