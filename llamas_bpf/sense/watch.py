"""One kind of event that is being watched: its probe, and what is drained and counted from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llamas_bpf.contracts.events import Counts
from llamas_bpf.native.probe import Probe, Totals
from llamas_bpf.sense.errors import HookRefusedError
from llamas_bpf.sense.gather import Gather
from llamas_bpf.sense.kinds import KINDS, Kind, Source
from llamas_bpf.sense.probes import OBJECTS, Layouts, Target, open_probe
from llamas_bpf.sense.sampling import Sampling
from llamas_bpf.sense.tally import Tally


@dataclass(frozen=True)
class Budget:
    """Of one kind: the size of its ring, and how many records may come in a second (or a fixed period)."""

    ring_bytes: int
    records_per_s: int
    period: int | None = None


Opener = Callable[[Kind, Source, Target, Budget], Probe]


class Watch:
    """Attached from ``open`` until ``close``."""

    def __init__(
        self, name: str, source: Source, probe: Probe, layouts: Layouts, budget: Budget, most_workloads: int
    ) -> None:
        kind = KINDS[name]
        self.kind, self.source, self._probe = kind, source, probe
        self._gather = Gather(layouts.of(kind.record)) if kind.record else None
        counts = layouts.of(f"{source.object}_count") if kind.counts else None
        self._tally = Tally(probe, counts, most_workloads) if counts else None
        self._sampling = Sampling(probe, budget.records_per_s, budget.period) if kind.sampled else None
        self._before = Totals(0, 0, 0, 0)

    def drain(self) -> None:
        """Empties the ring into the current window, and lets the sampling follow the rate of events."""
        if self._gather:
            self._gather.drain(self._probe)
        if self._sampling:
            self._sampling.adapt()

    def end_window(self) -> None:
        """Counts what is going on up to now."""
        self._probe.end_window()

    def records(self) -> np.ndarray | None:
        """Those of the window; None for a kind without a ring."""
        return self._gather.take() if self._gather else None

    def counts(self) -> Counts | None:
        """Those of the window; None for a kind that does not count."""
        return self._tally.take() if self._tally else None

    @property
    def period(self) -> int | None:
        """How many events a record stands for now; None where every event leaves one, or none does."""
        return self._sampling.period if self._sampling else None

    @property
    def lacks(self) -> str:
        """What cannot be told that a better source, or loader, could; "" where nothing is missing."""
        return (self._probe.owner.lacks if self._probe.owner else "") or self.source.lacks

    @property
    def hooks(self) -> tuple[str, ...]:
        """Where another loader than libbpf has attached it."""
        return self._probe.owner.hooks if self._probe.owner else ()

    def totals(self) -> Totals:
        """What was seen since it was opened."""
        return self._probe.totals()

    def newly(self) -> Totals:
        """What was seen since the last time."""
        before, self._before = self._before, self._probe.totals()
        return Totals(*(now - then for now, then in zip(self._before, before, strict=True)))

    def detach(self) -> None:
        """Ends the flow of events; what is there can still be drained."""
        self._probe.detach()

    def close(self) -> None:
        """Detaches and frees."""
        self._probe.close()


def open_watch(
    name: str, target: Target, budget: Budget, *, objects: Path = OBJECTS, opener: Opener | None = None
) -> tuple[Watch | None, list[HookRefusedError]]:
    """The first source of a kind that this kernel allows, None for none, and why others were refused.

    Raises other ``SenseError``: those are not about one source.
    """
    kind = KINDS[name]
    layouts = Layouts.read(objects)
    refused: list[HookRefusedError] = []
    for source in kind.sources:
        try:
            if opener:
                probe = opener(kind, source, target, budget)
            else:
                probe = open_probe(kind, source, target, ring_bytes=budget.ring_bytes, objects=objects)
            return Watch(name, source, probe, layouts, budget, target.most_workloads), refused
        except HookRefusedError as error:
            refused.append(error)
    return None, refused
