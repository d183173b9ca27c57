"""What a frontend says it has read from a text, before anybody has looked whether it stands there."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Claim:
    """That the text says of ``field`` that it is ``value``, in these ``words`` (at most 300 characters).

    ``field`` is one of the profile's. Of ``good_at``, ``bad_at``, ``cpu_classes`` and ``thresholds``,
    ``value`` is one entry. Figures are in the field's unit, however the text has them.
    """

    field: str
    value: Any
    words: str
