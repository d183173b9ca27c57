"""What every function of the model's has: how it is called, and what it can reach."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from llamas_bpf.advise.context.function_error import FunctionError

if TYPE_CHECKING:
    from llamas_bpf.advise.confined.messages import Observation
    from llamas_bpf.advise.context.archival import Archival
    from llamas_bpf.advise.context.core import Core
    from llamas_bpf.advise.context.recall import Recall

Page = Annotated[int, Field(ge=1, le=1 << 31)]


class Call(BaseModel):
    """A step's JSON object; each function adds its name and its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thoughts: str | None = Field(default=None, description="why, in a few words; seen by nobody else")
    request_heartbeat: bool = Field(default=False, description="true: you get the result and the next step")


@dataclass(frozen=True)
class Reach:
    """All that a function may touch. ``most_chars``: how long its result may be. ``run``: see ``Recall``."""

    core: "Core"
    recall: "Recall"
    archival: "Archival"
    observation: "Observation"
    run: int
    most_chars: int


def paged(items: Iterable[str], page: int, reach: Reach, **about: Any) -> str:
    """A page of these texts as JSON, and ``about`` with it; a text that is too long is given in parts."""
    room = max(60, reach.most_chars - len(written({"page": 9999, "pages": 9999, **about, "items": []})))
    pages: list[list[str]] = [[]]
    used = 0
    for part in (part for item in items for part in _parts(item, room)):
        size = len(written(part)) + 2
        if pages[-1] and used + size > room:
            pages.append([])
            used = 0
        pages[-1].append(part)
        used += size
    if page > len(pages):
        raise FunctionError(f"there is no page {page}: the last one is {len(pages)}")
    return written({"page": page, "pages": len(pages), **about, "items": pages[page - 1]})


def written(value: Any) -> str:
    """As JSON in ASCII: what anybody may have chosen stays inside its quotes."""
    return json.dumps(value, separators=(", ", ": "))


def _parts(text: str, room: int) -> Iterator[str]:
    while text:
        part = text[:room]
        while len(written(part)) + 2 > room:  # what is escaped takes more
            part = part[: len(part) * 3 // 4]
        yield part
        text = text[len(part) :]
