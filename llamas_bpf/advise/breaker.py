"""A circuit breaker: who fails is left in peace, for longer and longer, and then tried once."""

from typing import Literal

#: After so many failures in a row; the last for all more.
_DELAYS_S = (5, 10, 20, 40, 80, 160, 300)

State = Literal["closed", "open", "half-open"]


class Breaker:
    """Closed while all is well. A failure opens it; after a delay it is half-open and lets one try through,
    whose end then closes or opens it. Times are ns of any clock."""

    def __init__(self) -> None:
        self._failures = 0  # in a row
        self._until_ns = 0

    def state(self, now_ns: int) -> State:
        """What it is now."""
        if not self._failures:
            return "closed"
        return "open" if now_ns < self._until_ns else "half-open"

    def succeeded(self) -> None:
        """A try came to something."""
        self._failures = 0

    def failed(self, now_ns: int, least_s: float = 0) -> None:
        """A try came to nothing; whoever failed asked for so many seconds of peace."""
        delay_s = max(_DELAYS_S[min(self._failures, len(_DELAYS_S) - 1)], least_s)
        self._failures, self._until_ns = self._failures + 1, now_ns + int(delay_s * 10**9)
