"""How much may be moved or given back: bytes a second, and seconds a window."""

import time

BYTES_PER_S = 256 << 20
#: For all of a window's actions together; a step that has begun is finished.
SECONDS = 1.0


class PageBudget:
    """Shared by every action on pages. What was not used is not saved up beyond one second's."""

    def __init__(self) -> None:
        self._left, self._since = float(BYTES_PER_S), time.monotonic()
        self._deadline: float | None = None

    def begin(self) -> None:
        """A new window."""
        now = time.monotonic()
        self._left = min(BYTES_PER_S, self._left + (now - self._since) * BYTES_PER_S)
        self._since, self._deadline = now, None

    def start(self) -> None:
        """Pages are about to be moved: the first of a window start its time, which is not for announcing, nor
        for looking through a large process, or there might never be any left to move one."""
        if self._deadline is None:
            self._deadline = time.monotonic() + SECONDS

    @property
    def left(self) -> int:
        """Bytes; none once the time is over."""
        is_over = self._deadline is not None and time.monotonic() >= self._deadline
        return 0 if is_over else max(int(self._left), 0)

    def spend(self, amount: int) -> None:
        """So many bytes were moved or given back."""
        self._left -= amount
