"""Ends a question with hints."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Reach
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.model import answer
from llamas_bpf.contracts.hint import Hint


class Call(call.Call):
    """Your answer: what should be changed. Ends the question. An empty list changes nothing."""

    function: Literal["give_hints"]
    hints: list[Hint] = Field(max_length=64)


def run(call: Call, reach: Reach) -> str:
    """Says which ids mean nothing: their hints are dropped. Raises FunctionError where none is left."""
    known = set(reach.observation.known_ids)
    unknown = set().union(*(answer.ids(hint) for hint in call.hints)) - known
    if not unknown:
        return ""
    sentence = f"not in the prompt: {', '.join(sorted(unknown)[:10])}"
    if all(answer.ids(hint) & unknown for hint in call.hints):
        raise FunctionError(f"{sentence}: name only ids that it gives out", "unknown_id")
    return sentence
