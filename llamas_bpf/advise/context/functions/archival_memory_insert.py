"""Writes into archival storage."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Reach


class Call(call.Call):
    """Keep a text, to be found by archival_memory_search; your oldest give way to new ones."""

    function: Literal["archival_memory_insert"]
    text: str = Field(min_length=1, max_length=10_000)


def run(call: Call, reach: Reach) -> str:
    """Whether it is kept. Raises FunctionError where it has no room."""
    return "kept" if reach.archival.insert(call.text) else "it is there already"
