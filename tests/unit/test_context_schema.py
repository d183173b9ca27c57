"""What a model is told of functions and hints is short and complete, and what servers get is portable."""

import json
import re
from typing import Any

import pytest

from llamas_bpf.advise.context import functions, schema
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.contracts.hint import HINT
from llamas_bpf.contracts.hint import Metric as METRIC

FUNCTIONS = {
    "core_memory_append",
    "core_memory_replace",
    "conversation_search",
    "archival_memory_insert",
    "archival_memory_search",
    "workload_detail",
    "device_profile",
    "give_hints",
}


def test_functions_are_found_by_their_files() -> None:
    assert functions.FUNCTIONS.keys() == FUNCTIONS


def test_the_prompts_schema_is_short() -> None:
    assert len(schema.function_lines()) + len(schema.hint_lines()) < 4096


def lines(text: str) -> dict[str, str]:
    """Each line by its first word; arguments of ``each also`` belong to all."""
    found = dict(re.split(r"[ (]", line, maxsplit=1) for line in text.splitlines())
    common = found.pop("each")
    return {name: f"{line} {common}" for name, line in found.items()}


def test_every_field_of_every_hint_is_in_it() -> None:
    text = lines(schema.hint_lines())
    definitions = HINT.json_schema()["$defs"]
    kinds = {
        one["properties"]["kind"]["const"]: one for one in definitions.values() if "kind" in one["properties"]
    }
    assert text.keys() == kinds.keys()
    for kind, one in kinds.items():
        for name, field in one["properties"].items():
            optional = "" if name in one["required"] else r"\?"
            assert name == "kind" or re.search(rf"\b{name}{optional}: ", text[kind]), (kind, name)
            for value in field.get("enum", []):
                assert json.dumps(value) in text[kind]
    for name in ("node: id, weight: int 1..255", "metric: ", "direction: "):
        assert name in schema.hint_lines()
    for metric in METRIC.__args__:  # type: ignore[attr-defined]
        assert f'"{metric}"' in schema.hint_lines()


def test_every_argument_of_every_function_is_in_it() -> None:
    text = lines(schema.function_lines())
    for name, module in functions.FUNCTIONS.items():
        for field, about in module.Call.model_fields.items():
            optional = "" if about.is_required() else r"\?"
            assert field == "function" or re.search(rf"\b{field}{optional}: ", text[name]), (name, field)


def keys(part: Any) -> set[str]:
    if isinstance(part, dict):
        return set(part) | set().union(*(keys(each) for each in part.values()))
    return set().union(*(keys(each) for each in part)) if isinstance(part, list) else set()


def test_the_servers_schema_is_one_that_all_take() -> None:
    step = schema.step_schema()
    used = keys(step)
    # llama.cpp refuses long repetitions; OpenAI knows neither oneOf nor discriminators.
    assert not used & {"oneOf", "discriminator", "default", "maxLength", "maxItems", "title", "allOf"}
    assert step["type"] == "object"
    named = {each["properties"]["function"]["const"]: each for each in step["anyOf"]}
    assert named.keys() == FUNCTIONS
    assert all(each["additionalProperties"] is False for each in named.values())
    assert all("function" in each["required"] for each in named.values())
    kinds = {
        one["properties"]["kind"]["const"] for one in step["$defs"].values() if "kind" in one["properties"]
    }
    assert {"place_memory", "leave", "tune_tiering"} <= kinds
    refs = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(step)))
    assert refs == step["$defs"].keys()
    hint = step["$defs"]["PlaceMemory"]["properties"]
    assert hint["workload"] == {"type": "string", "pattern": "^w[0-9]{1,9}$"}


@pytest.mark.parametrize("value", [None, 1, [], {}, "", "x" * 10_000, "\ud800", "__class__", "call"])
def test_a_function_that_is_none(value: Any) -> None:
    with pytest.raises(FunctionError) as error:
        functions.parse({"function": value})
    assert len(str(error.value)) < 400
