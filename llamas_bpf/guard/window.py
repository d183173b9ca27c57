"""What checks look up in a situation, worked out at most once for all of a window's actions."""

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from llamas_bpf import fingerprint
from llamas_bpf.contracts.action import Action, Target
from llamas_bpf.contracts.lesson import Lesson
from llamas_bpf.contracts.situation import Situation, Touched

Array = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

_MINUTE_NS = 60 * 10**9


class Window:
    """``accepted``: what was accepted in it so far, by target. ``about``: what was changed or did harm
    lately, by workload and knob; ``in_a_minute``: how many changes there were, with those accepted;
    ``objections``: why a workload is protected, or None, for those looked at already."""

    def __init__(self, situation: Situation, accepted: Iterable[Action] = ()) -> None:
        self._situation = situation
        self._there: list[frozenset[str]] = []  # who was, the last window first, as far back as was asked
        self._lessons: dict[tuple[str, str | None], list[Lesson]] = {}
        self._places: dict[tuple[str, int], tuple[list[Lesson], Array]] = {}
        self._fingerprints: dict[str | None, fingerprint.Buckets | None] = {}
        self.objections: dict[str, str | None] = {}
        self.about: dict[tuple[str | None, str], list[Touched]] = {}
        self.in_a_minute = 0
        for one in situation.touched:
            self.about.setdefault((one.workload, one.target.knob), []).append(one)
            self.in_a_minute += not one.harmed and one.at_ns > situation.digest.end_ns - _MINUTE_NS
        self.accepted: dict[Target, Action] = {}
        for action in accepted:
            self.accept(action)

    def accept(self, action: Action) -> None:
        """It will be taken."""
        self.accepted[action.target] = action
        self.in_a_minute += not self.goes_on(action)

    def goes_on(self, action: Action) -> bool:
        """Whether it only prolongs what is in force."""
        held = self.in_force.get(action.target)
        return held is not None and held.value == action.value

    def lessons(self, gist: str, workload: str | None) -> list[Lesson]:
        """Those about this hint, of situations like this one; no gist, no lessons."""
        key = (gist, workload)
        if key not in self._lessons:
            self._lessons[key] = list(self._find(gist, workload)) if gist in self._by_gist else []
        return self._lessons[key]

    def _find(self, gist: str, workload: str | None) -> Iterator[Lesson]:
        here = self._fingerprint(workload)
        if not gist or here is None:
            return
        # All at once: there can be hundreds, for each of many workloads.
        known, places = self._placed(gist, len(here))
        for number in np.flatnonzero((np.abs(places - here) <= fingerprint.NEAR).all(axis=1)):
            yield known[number]

    def _placed(self, gist: str, features: int) -> tuple[list[Lesson], Array]:
        """Those about a hint, and where they were: a row of buckets each."""
        if (gist, features) not in self._places:
            known = [one for one in self._by_gist[gist] if len(one.situation) == features]
            rows = np.array([one.situation for one in known], dtype=np.int64)
            self._places[gist, features] = known, rows.reshape(-1, features)
        return self._places[gist, features]

    @cached_property
    def rows(self) -> dict[str | None, int]:
        """Which row of the digest is whose."""
        return {known.id: row for row, known in enumerate(self._situation.digest.workloads)}

    def seen(self, workload: str, enough: int) -> int:
        """In how many of the remembered windows it was there, counted back until that is ``enough``."""
        found = 0
        for ago, digest in enumerate(reversed(self._situation.recent)):
            if ago == len(self._there):
                self._there.append(frozenset([known.id for known in digest.workloads]))
            found += workload in self._there[ago]
            if found == enough:
                break
        return found

    @cached_property
    def in_force(self) -> dict[Target, Action]:
        """What is in force, by target."""
        return {entry.action.target: entry.action for entry in self._situation.in_force}

    @cached_property
    def _by_gist(self) -> dict[str, list[Lesson]]:
        found: dict[str, list[Lesson]] = {}
        for one in self._situation.lessons:
            found.setdefault(one.gist, []).append(one)
        return found

    def _fingerprint(self, workload: str | None) -> fingerprint.Buckets | None:
        if workload not in self._fingerprints:
            self._fingerprints[workload] = fingerprint.of(self._situation, workload)
        return self._fingerprints[workload]
