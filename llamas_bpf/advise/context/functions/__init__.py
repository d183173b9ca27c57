"""The model's functions, each in a file of its own: a model ``Call`` and ``run(call, reach) -> str``.

To add one: a file here; it is found by being there. ``context/call.py`` has what they share.
"""

import difflib
import importlib
import pkgutil
from types import ModuleType
from typing import Any, get_args

from pydantic import ValidationError

from llamas_bpf.advise.context.call import Call, Reach
from llamas_bpf.advise.context.function_error import FunctionError


def _found() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {get_args(module.Call.model_fields["function"].annotation)[0]: module for module in modules}


#: By the name that the model calls.
FUNCTIONS = _found()


def parse(step: dict[str, Any]) -> Call:
    """A step's JSON object as a call. Raises FunctionError, in words for the model."""
    # An answer with hints alone has always been understood.
    name = step.get("function", "give_hints" if "hints" in step else None)
    if not isinstance(name, str) or name not in FUNCTIONS:
        near = difflib.get_close_matches(str(name)[:100], FUNCTIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(FUNCTIONS)}"
        raise FunctionError(f"there is no function {str(name)[:100]!r}; {hint}")
    try:
        call: Call = FUNCTIONS[name].Call.model_validate(step | {"function": name})
        call.model_dump_json()  # what cannot be written as UTF-8 cannot be kept
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FunctionError(f"{name}: {where[:100]}: {first['msg'][:200]}") from None
    except ValueError:
        raise FunctionError(f"{name}: holds what is no text") from None
    return call


def run(call: Call, reach: Reach) -> str:
    """The result, as text for the model. Raises FunctionError, and StorageError."""
    name: str = call.function  # type: ignore[attr-defined]
    result: str = FUNCTIONS[name].run(call, reach)
    return result
