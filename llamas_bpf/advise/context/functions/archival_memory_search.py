"""Searches archival storage."""

from typing import Literal

from pydantic import Field

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Page, Reach, paged


class Call(call.Call):
    """Search the operator's texts and your own notes."""

    function: Literal["archival_memory_search"]
    query: str = Field(min_length=1)
    page: Page = 1


def run(call: Call, reach: Reach) -> str:
    """What matches, best first; of a document, with its name."""
    rows, total = reach.archival.search(call.query)
    items = [f"{row['source']}: {row['text']}" if row["source"] else row["text"] for row in rows]
    return paged(items, call.page, reach, found=total)
