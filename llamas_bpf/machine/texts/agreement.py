"""Where claims about one device agree, and what is left out because they do not."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from llamas_bpf.contracts.profile import FIGURES, CpuClass, Threshold
from llamas_bpf.machine.texts.claim import Claim

_CLOSE = 0.02  # figures within it say the same: 1.5 us and 1,520 ns
_MOST_ENTRIES = 16  # of a list, as in the contract
Dispute = tuple[str, str, str]


def settle(claims: Iterable[Claim]) -> tuple[dict[str, Any], list[Dispute]]:
    """The profile's fields with their ``evidence``, and (field, words, why) of each that is left out."""
    by_field: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_field[claim.field].append(claim)
    fields: dict[str, Any] = {}
    evidence: dict[str, str] = {}
    disputes: list[Dispute] = []
    lists = {name: by_field.pop(name, []) for name in ("good_at", "bad_at", "cpu_classes", "thresholds")}
    for field, said in by_field.items():
        other = next((claim for claim in said if not _same(field, claim.value, said[0].value)), None)
        if other is None:
            fields[field], evidence[field] = said[0].value, said[0].words
        else:
            disputes.append((field, other.words, f"contradicts “{said[0].words[:200]}”"))
    _settle_traits(lists, fields, evidence, disputes)
    for name in ("cpu_classes", "thresholds"):
        _settle_entries(name, lists[name], fields, evidence, disputes)
    return fields | {"evidence": evidence}, disputes


def _same(field: str, one: Any, other: Any) -> bool:
    if field in FIGURES:
        return math.isclose(one, other, rel_tol=_CLOSE)
    # Of remarks in free words the first is kept: nobody can tell whether two contradict each other.
    return field in ("endurance", "cost", "power") or one == other


def _settle_traits(
    lists: dict[str, list[Claim]],
    fields: dict[str, Any],
    evidence: dict[str, str],
    disputes: list[Dispute],
) -> None:
    bad = {claim.value: claim.words for claim in reversed(lists["bad_at"])}
    good = {claim.value: claim.words for claim in reversed(lists["good_at"])}
    for trait in sorted(good.keys() & bad.keys()):
        disputes.append((f"good_at.{trait}", good.pop(trait), f"contradicts “{bad.pop(trait)[:200]}”"))
    for name, said in (("good_at", good), ("bad_at", bad)):
        fields[name] = tuple(reversed(said))
        evidence |= {f"{name}.{trait}": said[trait] for trait in reversed(said)}


def _settle_entries(
    name: str,
    claims: list[Claim],
    fields: dict[str, Any],
    evidence: dict[str, str],
    disputes: list[Dispute],
) -> None:
    said: dict[object, Claim] = {}
    disputed = set()
    for claim in claims:
        first = said.setdefault(_about(claim.value), claim)
        if first.value != claim.value:
            disputed.add(_about(claim.value))
            disputes.append((name, claim.words, f"contradicts “{first.words[:200]}”"))
    kept = [claim for about, claim in said.items() if about not in disputed][:_MOST_ENTRIES]
    fields[name] = tuple(claim.value for claim in kept)
    evidence |= {f"{name}.{place}": claim.words for place, claim in enumerate(kept)}


def _about(entry: CpuClass | Threshold) -> object:
    if isinstance(entry, CpuClass):
        return entry.name.casefold()
    return entry.figure, entry.side, entry.action
