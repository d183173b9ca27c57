"""What a step may look like: as a JSON schema for the server, and as a few lines that a model can read.

All is checked again when it comes.
"""

from typing import Any

from pydantic import BaseModel

from llamas_bpf.advise.context import functions
from llamas_bpf.advise.context.call import Call, written
from llamas_bpf.advise.model.form import portable
from llamas_bpf.contracts.hint import HINT

Json = dict[str, Any]

_HUGE = 1 << 31
_SHORT = {"integer": "int", "boolean": "bool"}


def step_schema() -> Json:
    """For ``response_format``."""
    calls = [module.Call.model_json_schema() for module in functions.FUNCTIONS.values()]
    definitions = {name: portable(one) for call in calls for name, one in call.pop("$defs", {}).items()}
    return {"type": "object", "anyOf": [portable(call) for call in calls], "$defs": definitions}


def function_lines() -> str:
    """``name(argument: type, …)`` and what it does, a line a function; then what they have in common."""
    common = Call.model_fields.keys()
    lines = []
    for name, module in functions.FUNCTIONS.items():
        schema = module.Call.model_json_schema()
        lines.append(f"{name}({_fields(schema, schema, {*common, 'function'})}) {_words(module.Call)}")
    lines.append(f"each also: {_fields(Call.model_json_schema(), {}, set())}")
    return "\n".join(lines)


def hint_lines() -> str:
    """``kind {argument: type, …}`` and what it does, a line a kind; then what they have in common."""
    schema = HINT.json_schema()
    kinds = [schema["$defs"][ref.rsplit("/", 1)[-1]] for ref in schema["discriminator"]["mapping"].values()]
    common = set.intersection(*(set(kind["properties"]) for kind in kinds)) - {"kind"}
    lines = []
    for kind in kinds:
        name = kind["properties"]["kind"]["const"]
        words = " ".join(kind["description"].replace("``", "").split())
        lines.append(f"{name} {{{_fields(kind, schema, {*common, 'kind'})}}} {words}")
    others = set(kinds[0]["properties"]) - common
    lines.append(f"each also: {_fields(kinds[0], schema, others)}")
    return "\n".join(lines)


def _fields(schema: Json, root: Json, left_out: set[str]) -> str:
    required = schema.get("required", [])
    return ", ".join(
        _field(name, each, root, name in required)
        for name, each in schema["properties"].items()
        if name not in left_out
    )


def _field(name: str, schema: Json, root: Json, required: bool) -> str:
    default = schema.get("default")
    optional = "" if required else "?"
    given = "" if default in (None, False) else f" = {written(default)}"
    words = f" /* {schema['description']} */" if "description" in schema and "pattern" not in schema else ""
    return f"{name}{optional}: {_type(schema, root)}{given}{words}"


def _type(schema: Json, root: Json) -> str:
    if "$ref" in schema:
        return _type(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    if "enum" in schema or "const" in schema:
        return "|".join(map(written, schema.get("enum", [schema.get("const")])))
    if union := schema.get("anyOf", schema.get("oneOf")):
        return "|".join(_type(each, root) for each in union if each.get("type") != "null")
    if schema["type"] == "array":
        inner = "hint" if "oneOf" in schema["items"] else _type(schema["items"], root)
        return f"({inner})[]" if set("| ") & set(inner) and inner[0] != "{" else f"{inner}[]"
    if schema["type"] == "object":
        return f"{{{_fields(schema, root, set())}}}"
    kind: str = schema["type"]
    return "id" if "pattern" in schema else _SHORT.get(kind, kind) + _range(schema)


def _range(schema: Json) -> str:
    least: float = schema["minimum"] if "minimum" in schema else schema.get("exclusiveMinimum") or 0
    most: float = schema.get("maximum") or _HUGE
    if most >= _HUGE:
        return f">={least}" if least > 1 else ""
    return f" {least:g}..{most:g}"


def _words(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").replace("``", "").split())
