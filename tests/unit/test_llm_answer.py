"""A model's answer: found in prose, refused when wrong, and never a reason to crash."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_answer import parse

from llamas_bpf.advise.model.answer import AnswerError, Reply, found, ids
from llamas_bpf.contracts.hint import HINT

GOOD = '{"hints": [{"kind": "leave", "workload": "w1", "reason": "all is well", "confidence": 0.9}]}'
EMPTY = '{"hints": []}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Let me think {{carefully}}.\n<think>{EMPTY}</think> So:\n{GOOD}\nDone {{}}.",
        f'{{"note": 1}} {GOOD}',
        f"\ufeff  {GOOD} {{",
    ],
)
def test_an_answer_is_found(text: str) -> None:
    (hint,) = parse(Reply(text)).hints
    assert ids(hint) == {"w1"}


HINT_WITH = '{"hints": [{"kind": "reclaim_memory", "workload": "w1", "reason": "r", "confidence": %s}]}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "[]",
        "{}",
        '{"hints": null}',
        '{"hints": [1]}',
        '{"hints": [], "more": 1}',
        GOOD[:-1],
        GOOD[:-5],
        HINT_WITH % "0.5",
        HINT_WITH % "NaN",
        HINT_WITH % '0.5, "amount_bytes": 1e400',
        HINT_WITH % '0.5, "amount_bytes": ' + "9" * 5000,
        HINT_WITH % '0.5, "amount_bytes": -1',
        GOOD.replace("w1", "w1; rm -rf /"),
        GOOD.replace("leave", "\\ud800"),
        GOOD.replace('"reason"', '"\\ud800": 1, "reason"'),
        GOOD.replace("all is well", "\\ud800"),
        GOOD.replace("all is well", "x" * 401),
        '{"hints": ' + "[" * 100_000,
        '{"hints": ' * 100_000,
        "{" * 1_000_000,
        '{"hints": [' + ",".join([GOOD[11:-2]] * 65) + "]}",
    ],
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(AnswerError) as error:
        parse(Reply(text))
    assert error.value.status == "invalid"
    assert 0 < len(str(error.value)) < 400


def test_a_cut_answer_says_what_to_do() -> None:
    with pytest.raises(AnswerError, match="raise max_answer_tokens") as error:
        parse(Reply(GOOD[:40], cut=True))
    assert error.value.status == "too_long"


def test_ids_of_every_kind() -> None:
    common = {"reason": "r", "confidence": 0.5}
    place = {"kind": "place_memory", "workload": "w1", "nodes": ["node0", "node3"]}
    assert ids(HINT.validate_python(place | common)) == {"w1", "node0", "node3"}
    assert ids(HINT.validate_python({"kind": "tune_tiering", "demotion": True} | common)) == set()
    weights = {"kind": "tune_tiering", "interleave_weights": [{"node": "node7", "weight": 2}]}
    assert ids(HINT.validate_python(weights | common)) == {"node7"}
    assert ids(HINT.validate_python({"kind": "leave"} | common)) == set()


STEP = '{"function": "core_memory_append", "label": "lessons", "content": "x", "request_heartbeat": true}'


@pytest.mark.parametrize(
    ("text", "function"),
    [
        (STEP, "core_memory_append"),
        (f"{GOOD} {STEP}", "core_memory_append"),
        (f"{STEP} {GOOD}", None),
        (f"{STEP}\n```json\n{EMPTY}\n```\n{{}}", None),
        (f"<think>{GOOD}</think>{STEP}", "core_memory_append"),
        (f'{STEP} {{"h\\u0069nts": []}}', None),
        (STEP.replace('"function"', '"f\\u0075nction"'), "core_memory_append"),
        (f"I was told to think. {GOOD}</think>\n{STEP}", "core_memory_append"),
        (f"<think>a</think><think>{GOOD}</think>\n{STEP}", "core_memory_append"),
        (STEP.replace('"x"', '"</think>"'), "core_memory_append"),
        (f"```\n{STEP}\n``` </think>", "core_memory_append"),
        (f'[{{"results": {{"function": "no"}}}}, {STEP}]', "core_memory_append"),
    ],
)
def test_the_last_step_is_found(text: str, function: str | None) -> None:
    assert found(Reply(text)).get("function") == function


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"<think>Perhaps {GOOD}", "nothing but thoughts"),
        (f"<think>Perhaps {GOOD}</think> I do not know.", "no JSON object"),
        ('{"function": "x", "page": NaN}', "NaN, which is no number"),
        ('{"h\\u0069nts": [], "hints": []}', "the same thing twice"),
        ('{"h\\u0069nts": [Infinity]}', "Infinity, which is no number"),
        ('{"function": "x", "page": -Infinity}', "-Infinity, which is no number"),
        ('{"function": "x", "page": 1e999}', "too large"),
        ('{"function": "x", "page": %s}' % ("9" * 5000), "a number of 5000 digits"),
        ('{"function": "x", "function": "y"}', "the same thing twice"),
        ('{"function": "x", "in": [{"a": 1, "a": 1}]}', "the same thing twice"),
        ('{"function": "x", "in": ["\\ud800"]}', "half of a surrogate pair"),
        ('{"function": "x", "\\udfff": 1}', "half of a surrogate pair"),
        ('{"function": ' + '{"a":' * 5000, "nested too deep"),
        ('{"function": "x", "in": ' + "[" * 5000 + "]" * 5000 + "}", "nested too deep"),
    ],
)
def test_what_only_looks_like_json_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason) as error:
        found(Reply(text))
    assert error.value.status == "invalid"


def test_a_step_of_hints_may_say_what_steps_say() -> None:
    step = {"function": "give_hints", "request_heartbeat": False, "thoughts": "hm"} | json.loads(GOOD)
    assert [hint.kind for hint in parse(Reply(json.dumps(step))).hints] == ["leave"]
    with pytest.raises(AnswerError, match="core_memory_append: "):
        parse(Reply(STEP))


JSONS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["hints", "kind", "workload", "nodes", "reason", "confidence", "expect", "x"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(["leave", "place_memory", "place_cpu", "weigh_cpu", "tune_tiering", "cap_memory"])
HINTS = st.fixed_dictionaries(
    {"kind": KINDS, "reason": st.text(max_size=5) | JSONS, "confidence": st.floats() | JSONS},
    optional={"workload": st.just("w1") | JSONS, "nodes": JSONS, "cpus": JSONS, "weight": st.integers()},
)
ANSWERS = st.builds(lambda hints: json.dumps({"hints": hints}), st.lists(HINTS, max_size=3))


@given(st.text() | st.builds(json.dumps, JSONS) | ANSWERS, st.text(max_size=10), st.integers(0, 400))
def test_no_text_crashes_the_parser(text: str, around: str, cut: int) -> None:
    for shown in (text, around + text + around, text[:cut]):
        try:
            assert parse(Reply(shown)).function == "give_hints"
        except AnswerError as error:
            assert error.status == "invalid"
