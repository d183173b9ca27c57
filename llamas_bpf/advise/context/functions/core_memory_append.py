"""Writes into a block of the working context."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Reach
from llamas_bpf.advise.context.core import MOST_CHARS, Label


class Call(call.Call):
    """Add a line to a block of your core memory, which you always see."""

    function: Literal["core_memory_append"]
    block: Label
    text: str = Field(min_length=1, max_length=MOST_CHARS)


def run(call: Call, reach: Reach) -> str:
    """How full the block is now."""
    return reach.core.append(call.block, call.text)
