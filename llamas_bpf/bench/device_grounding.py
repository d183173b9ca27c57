"""What a profile has and its text has not. Knows nothing of how readers make sure of that: it checks them."""

from collections.abc import Iterator

from llamas_bpf.bench.device_quantities import Dimension, Quantities
from llamas_bpf.contracts.profile import FIGURES, CpuClass, DeviceProfile, Threshold


def ungrounded(profile: DeviceProfile, text: str) -> list[str]:
    """Fields, such as ``read_latency_ns`` or ``good_at.reads``, whose value does not stand in ``text`` in any
    unit, or whose evidence is missing or not the text's."""
    squashed = _squashed(text)
    fields = dict(_fields(profile))
    found = {field for field in fields if _squashed(profile.evidence.get(field, "\0")) not in squashed}
    found |= {field for field, words in fields.items() if words and _squashed(words) not in squashed}
    found |= set(_invented(profile, Quantities(text)))
    return sorted(found)


def _fields(profile: DeviceProfile) -> Iterator[tuple[str, str]]:
    """What is set, by its name in ``evidence``, with the words that must be the text's own, if any."""
    if profile.kind != "other":
        yield "kind", ""
    for field in (*FIGURES, "persistent"):
        if getattr(profile, field) is not None:
            yield field, ""
    for field in ("endurance", "cost", "power"):
        if words := getattr(profile, field):
            yield field, words
    for side, traits in (("good_at", profile.good_at), ("bad_at", profile.bad_at)):
        for trait in traits:
            yield f"{side}.{trait}", trait.removeprefix("other: ") if trait.startswith("other: ") else ""
    for name, entries in (("cpu_classes", profile.cpu_classes), ("thresholds", profile.thresholds)):
        yield from ((f"{name}.{place}", "") for place in range(len(entries)))


def _invented(profile: DeviceProfile, text: Quantities) -> Iterator[str]:
    for field in FIGURES:
        value = getattr(profile, field)
        if value is not None and not text.has(_dimension(field), value):
            yield field
    for place, each in enumerate(profile.cpu_classes):
        if not _has_class(text, each):
            yield f"cpu_classes.{place}"
    for place, threshold in enumerate(profile.thresholds):
        if not _has_threshold(text, threshold):
            yield f"thresholds.{place}"


def _dimension(figure: str) -> Dimension:
    if figure.endswith("_ns"):
        return "time"
    return "rate" if figure.endswith("_per_s") else "bytes"


def _has_class(text: Quantities, each: CpuClass) -> bool:
    counted = each.count is None or text.has("count", each.count)
    return counted and (each.max_hz is None or text.has("hz", each.max_hz))


def _has_threshold(text: Quantities, threshold: Threshold) -> bool:
    match threshold.figure:
        case "page_accesses_per_s":
            return any(text.has("count", threshold.value * seconds) for seconds in (1, 60, 3600))
        case "page_idle_s":
            return text.has("time", threshold.value * 1e9)
        case "bandwidth_bytes_per_s":
            return text.has("rate", threshold.value)
        case _:
            return text.has("ratio", threshold.value) or text.has("count", threshold.value)


def _squashed(text: str) -> str:
    return " ".join(text.split()).casefold()
