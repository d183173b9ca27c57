"""How many events one record stands for, so that detail keeps within its budget."""

import time

from llamas_bpf.native.probe import Probe

#: A record for one event in so many at most.
MOST = 1 << 20


class Sampling:
    """The sampling of one probe: ``per_s`` records a second, or a fixed ``period``."""

    def __init__(self, probe: Probe, per_s: int, period: int | None) -> None:
        self._probe, self._per_s, self._fixed = probe, per_s, period is not None
        self.period = period or 1
        self._seen, self._at_ns = probe.totals().seen, time.monotonic_ns()
        probe.sample(self.period)

    def adapt(self) -> None:
        """To be called at every drain: follows the rate of events since the last time."""
        if self._fixed:
            return
        seen, now = self._probe.totals().seen, time.monotonic_ns()
        rate = (seen - self._seen) * 1e9 / max(now - self._at_ns, 1)
        self._seen, self._at_ns = seen, now
        wanted = power_of_two(rate / self._per_s)
        # Up at once; down only well below, or a rate near the edge would flip it each time.
        if wanted > self.period or wanted * 4 <= self.period:
            self.period = min(wanted, MOST)
            self._probe.sample(self.period)


def power_of_two(number: float) -> int:
    """The smallest that is no less than ``number``."""
    return 1 << max(int(-(-number // 1)) - 1, 0).bit_length()
