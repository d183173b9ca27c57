"""What became of a hint in situations like one: what may outlive a run."""

from pydantic import BaseModel, ConfigDict


class Lesson(BaseModel):
    """``situation`` is quantised (``fingerprint.py``), ``gist`` is the hint without its words and workload.

    ``helped``, ``neutral`` and ``harmed`` count decisions; ``at_s`` is of the last one, since the epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    situation: tuple[int, ...]
    gist: str
    helped: int = 0
    neutral: int = 0
    harmed: int = 0
    at_s: float = 0.0
