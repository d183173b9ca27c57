"""Searches recall storage."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Page, Reach, paged


class Call(call.Call):
    """Search what was decided, judged and said, also what has left this window."""

    function: Literal["conversation_search"]
    query: str = Field(min_length=1)
    page: Page = 1


def run(call: Call, reach: Reach) -> str:
    """What matches, best first."""
    rows, total = reach.recall.search(call.query)
    earlier = {True: "", False: "(an earlier run, where ids meant others) "}
    items = [f"{earlier[row['run'] == reach.run]}{row['text']}" for row in rows]
    return paged(items, call.page, reach, found=total)
