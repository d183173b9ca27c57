"""A model's words read as its process reads them."""

from typing import Any

from llamas_bpf.advise.context import functions
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.context.functions import give_hints
from llamas_bpf.advise.model.answer import AnswerError, Reply, found
from llamas_bpf.advise.model.form import portable


def parse(reply: Reply) -> give_hints.Call:
    """The hints in them. Raises AnswerError, also for any other step."""
    try:
        call = functions.parse(found(reply))
    except FunctionError as error:
        raise AnswerError(error.status, str(error)) from None
    if not isinstance(call, give_hints.Call):
        raise AnswerError("invalid", "it is no step with hints")
    return call


def schema() -> dict[str, Any]:
    """Of hints alone, as a server gets it."""
    whole = give_hints.Call.model_json_schema()
    hints = {"properties": {"hints": whole["properties"]["hints"]}, "required": ["hints"]}
    wanted: dict[str, Any] = portable(whole | hints)
    return wanted
