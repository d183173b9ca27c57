"""What a figure should reach, and by how much it does not."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mark:
    """``limit`` is the most (``at_most``) or the least that ``value`` should be, in ``unit``."""

    what: str
    value: float
    limit: float
    at_most: bool
    unit: str = ""

    @property
    def reached(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    @property
    def wanted(self) -> str:
        """Such as ``≤ 1.1``."""
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}{self.unit}"

    def words(self) -> str:
        """Whether it is reached."""
        if self.reached:
            return f"{self.wanted}: reached"
        return f"{self.wanted}: missed by {abs(self.value - self.limit):.3g}{self.unit}"

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "value": self.value,
            "limit": self.limit,
            "at_most": self.at_most,
            "unit": self.unit.strip(),
            "reached": self.reached,
        }
