"""What became of a hint in situations like one: what may outlive a run."""

from pydantic import BaseModel, ConfigDict

from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.outcome import Outcome

#: So many times are kept of what came to nothing; and after so many a hint no longer counts as helping.
LAST = 2


class Lesson(BaseModel):
    """``situation`` is quantised (``fingerprint.py``), ``gist`` is the hint without its words and workload.

    ``helped`` and ``harmed`` count decisions. ``harmed_at_s`` is when it last did harm; ``neutral_at_s`` when
    it came to nothing, the last ``LAST`` times, oldest first (all in s since the epoch). ``hint`` is as it
    was given when it last helped, and ``doubts`` how often it came to nothing since; harm is ``LAST`` doubts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    situation: tuple[int, ...]
    gist: str
    helped: int = 0
    harmed: int = 0
    harmed_at_s: float = 0.0
    neutral_at_s: tuple[float, ...] = ()
    hint: Hint | None = None
    doubts: int = 0

    @property
    def proven(self) -> bool:
        """Whether it has helped more often than harmed, and lately too."""
        return self.hint is not None and self.helped > self.harmed and self.doubts < LAST

    def after(self, outcome: Outcome, at_s: float) -> "Lesson":
        """With one more decision that came to this, at that time."""
        more: dict[str, object]
        match outcome.verdict:
            case "helped":
                hint = outcome.hint or self.hint
                more = {"helped": self.helped + 1, "hint": hint, "doubts": 0}
            case "harmed":
                doubts = self.doubts + LAST
                more = {"harmed": self.harmed + 1, "harmed_at_s": at_s, "doubts": doubts}
            case "neutral":
                neutral_at_s = (*self.neutral_at_s, at_s)[-LAST:]
                more = {"neutral_at_s": neutral_at_s, "doubts": self.doubts + 1}
        return self.model_copy(update=more)
