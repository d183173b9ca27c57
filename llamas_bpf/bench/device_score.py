"""A profile beside what its text says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isclose

from llamas_bpf.bench.device_grounding import ungrounded
from llamas_bpf.bench.device_truth import Case
from llamas_bpf.contracts.profile import FIGURES, CpuClass, DeviceProfile, Threshold

#: How near a figure must be: readers round.
CLOSE = 0.02


@dataclass
class Score:
    """Names of features, such as ``good_at.reads``. ``unwanted``: set, but to be left out."""

    found: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    ungrounded: list[str] = field(default_factory=list)

    @property
    def present(self) -> int:
        """How many features the text has."""
        return len(self.found) + len(self.wrong) + len(self.missed)


def score(case: Case, profile: DeviceProfile | None) -> Score:
    """``profile`` None: the reader gave none, and missed everything."""
    given = profile or DeviceProfile(name=case.name, text_hash="", reader="")
    result = Score(
        unwanted=[name for name in case.truth.left_out() if _is_set(given, name)],
        ungrounded=ungrounded(given, case.raw.decode("utf-8", "replace")),
    )
    for name, right in _compared(case, given):
        if right is None:
            if name.partition(".")[0] not in case.truth.maybe:
                result.missed.append(name)
        else:
            (result.found if right else result.wrong).append(name)
    stated = case.truth.thresholds
    result.unwanted += [
        f"thresholds.{place}" for place, each in enumerate(given.thresholds) if not _any_like(each, stated)
    ]
    return result


def _compared(case: Case, profile: DeviceProfile) -> Iterator[tuple[str, bool | None]]:
    """Each feature that the text has, and whether it is right; None: it is not set."""
    truth = case.truth
    if kinds := truth.kinds():
        yield "kind", profile.kind in kinds or (None if profile.kind == "other" else False)
    for name in FIGURES:
        if stated := truth.stated(name):
            value = getattr(profile, name)
            yield name, None if value is None else any(isclose(value, it, rel_tol=CLOSE) for it in stated)
    if truth.persistent is not None:
        yield "persistent", None if profile.persistent is None else profile.persistent == truth.persistent
    for name in ("endurance", "cost", "power"):
        if words := getattr(truth, name):
            value = getattr(profile, name)
            yield name, None if value is None else _plain(words) in _plain(value)
    for side, other, traits in (
        ("good_at", profile.bad_at, truth.good_at),
        ("bad_at", profile.good_at, truth.bad_at),
    ):
        for trait in traits:
            yield f"{side}.{trait}", False if trait in other else trait in getattr(profile, side) or None
    for each in truth.cpu_classes:
        same = any(_same_class(each, one) for one in profile.cpu_classes)
        yield f"cpu_classes.{each.name}", same or (False if profile.cpu_classes else None)
    for threshold in truth.thresholds:
        yield f"thresholds.{threshold.figure}", _any_like(threshold, profile.thresholds) or None


def _is_set(profile: DeviceProfile, name: str) -> bool:
    whole, _, trait = name.partition(".")
    value = getattr(profile, whole)
    return trait in value if trait else value not in (None, ())


def _same_class(stated: CpuClass, given: CpuClass) -> bool:
    """In all that is stated but the name."""
    hz = stated.max_hz is None or (
        given.max_hz is not None and isclose(given.max_hz, stated.max_hz, rel_tol=CLOSE)
    )
    return hz and stated.count in (None, given.count) and stated.cpus in (None, given.cpus)


def _any_like(wanted: Threshold, among: "list[Threshold] | tuple[Threshold, ...]") -> bool:
    return any(
        isclose(wanted.value, each.value, rel_tol=CLOSE)
        and (wanted.figure, wanted.side, wanted.action) == (each.figure, each.side, each.action)
        for each in among
    )


def _plain(words: str) -> str:
    return "".join(words.split()).casefold()
