"""Did it help?"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from llamas_bpf.contracts.hint import Hint

Verdict = Literal["helped", "neutral", "harmed"]


class Change(BaseModel):
    """One metric before and after an action, as medians over windows; ``noise`` was seen before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    before: float
    after: float
    noise: float


class Outcome(BaseModel):
    """The verdict on one action, after its settle time.

    ``situation``, ``gist`` and ``hint`` are what there is to learn from it: see ``Lesson``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action_id: str
    workload: str | None
    verdict: Verdict
    expected: Change | None
    safety: list[Change]
    reason: str
    undone: bool = False
    situation: tuple[int, ...] = ()
    gist: str = ""
    hint: Hint | None = None
