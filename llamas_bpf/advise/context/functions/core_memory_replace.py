"""Rewrites a part of a block of the working context."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Reach
from llamas_bpf.advise.context.core import MOST_CHARS, Label


class Call(call.Call):
    """Put new text in place of old text in a block; new may be empty."""

    function: Literal["core_memory_replace"]
    block: Label
    old: str = Field(min_length=1, max_length=MOST_CHARS, description="as it stands there")
    new: str = Field(max_length=MOST_CHARS)


def run(call: Call, reach: Reach) -> str:
    """How full the block is now."""
    return reach.core.replace(call.block, call.old, call.new)
