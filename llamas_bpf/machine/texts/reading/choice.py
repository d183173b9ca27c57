"""Chooses, of all figures that a text gives for one feature, those that a careful reader would believe."""

import math
from collections import defaultdict
from collections.abc import Iterable

from llamas_bpf.contracts.profile import Doubt
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.grounding import doubt
from llamas_bpf.machine.texts.reading import words
from llamas_bpf.machine.texts.reading.figures import Candidate

_FAR = 2.5  # apart by more than this factor, what was measured and what was stated contradict each other
_FAR_FROM_MEASURED = 10  # what was measured stands against any claim; but so far off, a unit is wrong
_AGAIN = 1.15  # measured again, a memory gives figures as far apart as that
_CLAIMED = 2
_EXTREME = 3
_SAME = 1.02
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
        reads = by_field.get(name.replace("write_", "read_"), []) if name.startswith("write_") else []
        said = next((candidate.claim.value for candidate in reads if candidate.is_directed), None)
        if said and not any(c.is_directed for c in found) and _ratio(found[0].claim.value, said) > _FAR:
            # "reads at 7 GB/s; dd shows 2 GB/s": nobody says that these are writes.
            doubts += (doubt(name, c.claim.words, "it is not said to be of writes") for c in found)
            continue
        chosen = _chosen(name, found)
        claims += [candidate.claim for candidate in chosen[:_MOST]]
        first = chosen[0].claim
        kept = set(map(id, chosen))
        doubts += (
            doubt(name, candidate.claim.words, f"set aside for “{first.words[:200]}”")
            for candidate in found
            if id(candidate) not in kept and _ratio(candidate.claim.value, first.value) > _SAME
        )
    return claims, doubts


def _chosen(name: str, found: list[Candidate]) -> list[Candidate]:
    """Those that hold best, and those too far from them to be set aside."""
    # "latency 90 ns, writes 300 ns": the plain figure is the reads'.
    directed = [candidate for candidate in found if candidate.is_directed] or found
    # "Reads should take 180 ns; it turned out to be 240 ns": what was measured is of that, too.
    if all(_CLAIMED <= c.standing < _EXTREME for c in directed) and any(
        c.standing == words.MEASURED for c in found
    ):
        directed = found
    if name == "capacity_bytes":  # "32 GB in each, 256 GB in total"
        directed = [candidate for candidate in found if candidate.is_total] or directed
        directed = _said_once(directed)
    best = min(candidate.standing for candidate in directed)
    chosen = [candidate for candidate in directed if candidate.standing == best]
    if best == words.MEASURED:
        chosen = _worst_of_close(name, chosen)
    if best >= _EXTREME:
        return chosen
    first = chosen[0].claim.value
    far = _FAR_FROM_MEASURED if best == words.MEASURED else _FAR
    rivals = (candidate for candidate in directed if best < candidate.standing < _EXTREME)
    return chosen + [rival for rival in rivals if _ratio(rival.claim.value, first) > far]


def _said_once(capacities: list[Candidate]) -> list[Candidate]:
    """Without those that another gives again in powers of two: "1 Gbit (128 MiB)", "64 GB (64 GiB)"."""
    if len(capacities) > _MOST:
        return capacities
    values = {candidate.claim.value for candidate in capacities}
    return [c for c in capacities if not any(_is_binary(other, c.claim.value) for other in values)]


def _is_binary(larger: float, smaller: float) -> bool:
    ratio = larger / smaller if smaller > 0 else 0
    return any(math.isclose(ratio, 1.024**power, rel_tol=1e-4) for power in range(1, 6))


def _worst_of_close(name: str, measured: list[Candidate]) -> list[Candidate]:
    """One of several measurements that bear each other out; else all of them."""
    ordered = sorted(measured, key=lambda candidate: candidate.claim.value)
    if name.endswith("_bytes") or _ratio(ordered[0].claim.value, ordered[-1].claim.value) > _AGAIN:
        return measured
    return [ordered[-1 if name.endswith("_ns") else 0]]


def _ratio(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return high / low if low > 0 else math.inf
