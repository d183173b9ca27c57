"""What became of a hint in situations like one: what may outlive a run."""

from pydantic import BaseModel, ConfigDict

from llamas_bpf.contracts.outcome import Verdict

#: So many times are kept of what came to nothing.
LAST = 2


class Lesson(BaseModel):
    """``situation`` is quantised (``fingerprint.py``), ``gist`` is the hint without its words and workload.

    ``helped`` and ``harmed`` count decisions. ``harmed_at_s`` is when it last did harm; ``neutral_at_s`` when
    it came to nothing, the last ``LAST`` times, oldest first (all in s since the epoch).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    situation: tuple[int, ...]
    gist: str
    helped: int = 0
    harmed: int = 0
    harmed_at_s: float = 0.0
    neutral_at_s: tuple[float, ...] = ()

    def after(self, verdict: Verdict, at_s: float) -> "Lesson":
        """With one more decision that came to this, at that time."""
        match verdict:
            case "helped":
                return self.model_copy(update={"helped": self.helped + 1})
            case "harmed":
                return self.model_copy(update={"harmed": self.harmed + 1, "harmed_at_s": at_s})
            case "neutral":
                return self.model_copy(update={"neutral_at_s": (*self.neutral_at_s, at_s)[-LAST:]})
