"""Chooses, of all figures that a text gives for one feature, those that a careful reader would believe."""

import math
from collections import defaultdict
from collections.abc import Iterable

from llamas_bpf.contracts.profile import Doubt
from llamas_bpf.machine.claim import Claim
from llamas_bpf.machine.grounding import doubt
from llamas_bpf.machine.reading import words
from llamas_bpf.machine.reading.figures import Candidate

_FAR = 2.5  # apart by more than this factor, what was measured and what was stated contradict each other
_FAR_FROM_MEASURED = 10  # what was measured stands against any claim; but so far off, a unit is wrong
_AGAIN = 1.15  # measured again, a memory gives figures as far apart as that
_EXTREME = 3
_MOST = 32  # of one field; more of them contradict each other anyway


def choose(candidates: Iterable[Candidate]) -> tuple[list[Claim], list[Doubt]]:
    """The claims to make, and doubts about the others.

    Claims that contradict each other are all made: grounding leaves them out and names them.
    """
    by_field: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_field[candidate.claim.field].append(candidate)
    claims: list[Claim] = []
    doubts: list[Doubt] = []
    for name, found in by_field.items():
        # "latency 90 ns, writes 300 ns": the plain figure is the reads'.
        directed = [candidate for candidate in found if candidate.is_directed] or found
        if name == "capacity_bytes":  # "32 GB in each, 256 GB in total"
            directed = [candidate for candidate in found if candidate.is_total] or directed
        best = min(candidate.standing for candidate in directed)
        chosen = [candidate for candidate in directed if candidate.standing == best]
        if best == words.MEASURED:
            chosen = _worst_of_close(name, chosen)
        first = chosen[0].claim.value
        for candidate in found:
            if candidate in chosen:
                continue
            ratio = _ratio(candidate.claim.value, first)
            far = _FAR_FROM_MEASURED if best == words.MEASURED else _FAR
            if candidate in directed and candidate.standing < _EXTREME and best < _EXTREME and ratio > far:
                chosen.append(candidate)
            elif ratio > 1.02:
                doubts.append(
                    doubt(name, candidate.claim.words, f"set aside for “{chosen[0].claim.words[:200]}”")
                )
        claims += [candidate.claim for candidate in chosen[:_MOST]]
    return claims, doubts


def _worst_of_close(name: str, measured: list[Candidate]) -> list[Candidate]:
    """One of several measurements that bear each other out; else all of them."""
    ordered = sorted(measured, key=lambda candidate: candidate.claim.value)
    if name.endswith("_bytes") or _ratio(ordered[0].claim.value, ordered[-1].claim.value) > _AGAIN:
        return measured
    return [ordered[-1 if name.endswith("_ns") else 0]]


def _ratio(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return high / low if low > 0 else math.inf
