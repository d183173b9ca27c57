"""Writes into archival storage."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Reach


class Call(call.Call):
    """Keep a text for ever, to be found by archival_memory_search."""

    function: Literal["archival_memory_insert"]
    text: str = Field(min_length=1, max_length=10_000)


def run(call: Call, reach: Reach) -> str:
    """Whether it is kept."""
    return "kept" if reach.archival.insert(call.text) else "it is there already, or there is no room"
