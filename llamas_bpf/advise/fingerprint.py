"""Has the situation changed enough to ask again? Told from quantised features, not from their noise."""

from llamas_bpf.advise import busiest
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import figures
from llamas_bpf.fingerprint import LOOKED_AT, Buckets, buckets

#: A change must last for so many windows.
_WINDOWS = 2
#: Beside what ``exec`` started: who uses so much of a CPU comes into the picture, and leaves it at half.
_CPU_RATIO = 0.25
_LOOKED_AT = 16

#: Per workload, the bucket of each feature.
Fingerprint = dict[str, Buckets]


class Watch:
    """Follows the situation; buckets have hysteresis, so that a figure on an edge stays where it was."""

    def __init__(self) -> None:
        self._now: Fingerprint = {}
        self._asked: Fingerprint | None = None
        self._different = 0

    def changed(self, situation: Situation) -> bool:
        """Look at this window. True: for some windows now it has not been what was last asked about."""
        self._now = self._fingerprint(situation)
        self._different = 0 if self._now == self._asked else self._different + 1
        return self._different >= _WINDOWS

    def asked(self) -> None:
        """What is seen now has been asked about."""
        self._asked, self._different = self._now, 0

    def _fingerprint(self, situation: Situation) -> Fingerprint:
        found: Fingerprint = {}
        digest = situation.digest
        rows = busiest.rows(digest, _LOOKED_AT)
        for row, features in zip(rows, figures(digest, situation.machine, rows, LOOKED_AT), strict=True):
            workload = digest.workloads[row]
            before = self._now.get(workload.id)
            cpus = (features["sched"]["cpu_ratio"] or 0) * (2 if before else 1)
            if workload.started_by_exec or cpus >= _CPU_RATIO:
                found[workload.id] = buckets(features, before)
        return found
