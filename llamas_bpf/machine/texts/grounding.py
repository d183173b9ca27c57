"""Keeps of what a frontend claims to have read only what stands in the text.

Both frontends go through it, so a value that was made up, misread or slipped in never reaches a profile.
"""

import math
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from llamas_bpf.contracts.profile import FIGURES, TRAITS, CpuClass, DeviceProfile, Doubt, Kind, Threshold
from llamas_bpf.machine.texts import agreement
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.evidence import Evidence, squashed
from llamas_bpf.machine.texts.physics import BOUNDS
from llamas_bpf.machine.texts.text import DeviceText
from llamas_bpf.machine.texts.units import Family

_MOST_CLAIMS = 512
_MOST_WORDS = 300  # characters, as in the contract
_ROUNDED = 5e-3  # what a model may have lost in converting
_CPU_RANGE = re.compile(
    r"(?<=[0-9])\s?(?:[-–]|to|through|bis)\s?(?:cpu)?(?=[0-9])", re.IGNORECASE
)  # "0 to 3"
_PER_S = 1e-9  # quantities of time are in ns
_FAMILIES: dict[str, tuple[Family, float]] = {
    "page_accesses_per_s": ("rate", 1),
    "page_idle_s": ("time", _PER_S),
    "used_ratio": ("ratio", 1),
    "write_ratio": ("ratio", 1),
    "bandwidth_bytes_per_s": ("bandwidth", 1),
}
_UNITS = {
    "time": "ns",
    "bytes": "bytes",
    "bandwidth": "bytes/s",
    "frequency": "Hz",
    "ratio": "(a share)",
    "rate": "/s",
    "power": "W",
}


class _NotSaidError(Exception):
    """Why a claim is not kept, in a sentence."""


def profile(
    text: DeviceText, reader: str, claims: Iterable[Claim], doubts: Iterable[Doubt] = ()
) -> DeviceProfile:
    """What the text bears out of ``claims``; the rest is in doubt, behind ``doubts``. Never raises."""
    evidence = Evidence(text.body)
    kept: list[Claim] = []
    noted = list(doubts)
    for claim in islice(claims, _MOST_CLAIMS):
        try:
            value = _grounded(evidence, claim)
        except _NotSaidError as error:
            noted.append(doubt(claim.field, claim.words, str(error)))
            continue
        if claim.field in FIGURES and _is_worse_end(evidence, claim.words, value):
            noted.append(doubt(claim.field, claim.words, "a range: its worse end is taken"))
        kept.append(Claim(claim.field, value, " ".join(claim.words.split())))
    agreed, disputed = agreement.settle(kept)
    noted += (doubt(field, words, why) for field, words, why in disputed)
    noted += (
        doubt("text", words, "it instructs its reader; nothing is taken from it")
        for words in evidence.instructions
    )
    return DeviceProfile(
        name=text.name,
        text_hash=text.hash,
        reader=reader,
        binding=text.binding,
        doubts=tuple(dict.fromkeys(noted))[:64],
        **agreed,
    )


def doubt(field: str, words: str, why: str) -> Doubt:
    """A doubt, cut to the lengths that the contract allows."""
    return Doubt(field=field[:80], words=" ".join(words.split())[:_MOST_WORDS], why=why[:_MOST_WORDS])


def _grounded(evidence: Evidence, claim: Claim) -> Any:
    """The value to keep."""
    if not claim.words.strip() or len(claim.words) > _MOST_WORDS:
        raise _NotSaidError(f"needs the words it was read from, at most {_MOST_WORDS} characters")
    if not evidence.has(claim.words):
        if evidence.instructs(claim.words):
            raise _NotSaidError("the text instructs its reader there, and does not describe the device")
        raise _NotSaidError("these words do not stand in the text")
    check = _CHECKS.get(claim.field)
    if check is None:
        raise _NotSaidError(f"no such feature; there are {', '.join(_CHECKS)}")
    try:
        return check(evidence, claim)
    except ValidationError as error:
        raise _NotSaidError(error.errors()[0]["msg"]) from error


def _figure(evidence: Evidence, claim: Claim) -> float | int:
    family: Family = "bytes" if claim.field.endswith("_bytes") else "time"
    family = "bandwidth" if claim.field.endswith("_per_s") else family
    value = _stands(evidence, claim.words, family, claim.value)
    for quantity in evidence.quantities(claim.words):
        if quantity.range and quantity.family == family and _same(quantity.value, value):
            value = quantity.range[1] if family == "time" else quantity.range[0]
            break
    _possible(claim.field, value)
    return round(value) if family == "bytes" else value


def _remark(_: Evidence, claim: Claim) -> str:
    return _quoted(claim.value, claim.words)


def _is_worse_end(evidence: Evidence, words: str, value: float) -> bool:
    return any(quantity.range and value in quantity.range for quantity in evidence.quantities(words))


def _kind(_: Evidence, claim: Claim) -> Kind:
    return _KIND.validate_python(claim.value)


def _persistent(_: Evidence, claim: Claim) -> bool:
    return _BOOL.validate_python(claim.value, strict=True)


def _trait(_: Evidence, claim: Claim) -> str:
    trait = _TEXT.validate_python(claim.value)
    if trait.startswith("other: "):
        return "other: " + _quoted(trait.removeprefix("other: "), claim.words)[:100]
    if trait not in TRAITS:
        raise _NotSaidError(f"not one of {', '.join(TRAITS)}, or `other: ` and the text's words")
    return trait


def _cpu_class(evidence: Evidence, claim: Claim) -> CpuClass:
    read = CpuClass.model_validate(claim.value)
    _quoted(read.name, claim.words)
    if read.cpus is not None:
        _quoted(read.cpus, _CPU_RANGE.sub("-", claim.words))
    if read.count is not None and read.count not in evidence.numbers(claim.words):
        raise _NotSaidError(f"no number {read.count} in these words")
    if read.max_hz is not None:
        _stands(evidence, claim.words, "frequency", read.max_hz)
        _possible("max_hz", read.max_hz)
    return read


def _threshold(evidence: Evidence, claim: Claim) -> Threshold:
    read = Threshold.model_validate(claim.value)
    family, scale = _FAMILIES[read.figure]
    _stands(evidence, claim.words, family, read.value / scale)
    _possible(read.figure, read.value)
    return read


_KIND: TypeAdapter[Kind] = TypeAdapter(Kind)
_BOOL = TypeAdapter(bool)
_TEXT = TypeAdapter(str)
_CHECKS: dict[str, Callable[[Evidence, Claim], Any]] = {
    **dict.fromkeys(FIGURES, _figure),
    **dict.fromkeys(("endurance", "cost", "power"), _remark),
    "kind": _kind,
    "persistent": _persistent,
    "good_at": _trait,
    "bad_at": _trait,
    "cpu_classes": _cpu_class,
    "thresholds": _threshold,
}


def _stands(evidence: Evidence, words: str, family: Family, value: Any) -> float:
    """``value`` as the words have it, in ``family``'s unit."""
    try:
        sought = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _NotSaidError("is no number") from error
    for found in evidence.quantities(words):
        if found.family == family and _same(found.value, sought):
            if found.is_ambiguous:
                raise _NotSaidError("its point may stand before decimals or thousands: write 1200 or 1.2")
            return found.value
    raise _NotSaidError(f"no number in these words converts to {sought:g} {_UNITS[family]}")


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_ROUNDED)


def _possible(field: str, value: float) -> None:
    bounds = BOUNDS[field]
    if not bounds.low <= value <= bounds.high:
        raise _NotSaidError(f"{value:g} cannot be: {bounds.why}")


def _quoted(value: Any, words: str) -> str:
    text = _TEXT.validate_python(value)
    if not text.strip() or squashed(text) not in squashed(words):
        raise _NotSaidError("its value does not stand in these words")
    return " ".join(text.split())
