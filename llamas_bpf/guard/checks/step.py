"""Does it go too far at once? Where a range has a step or factor, the kernel is asked what is there now."""

import math

from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.values import amount, shown

ORDER = 55


def check(case: Case) -> str | None:
    allowed = case.limits.bounds.get(case.knob)
    if allowed is None or (allowed.factor is None and allowed.step is None):
        return None
    knob = KNOBS[case.knob]
    asked, now = amount(knob, case.action.value), _now(case)
    # From no limit at all there is no step to measure. Where nobody can tell what is there, nobody can
    # write there either.
    if asked is None or now is None or math.isinf(now):
        return None
    least, most = 0.0, math.inf
    if allowed.factor is not None and now > 0:
        least, most = now / allowed.factor, now * allowed.factor
    if allowed.step is not None:
        least, most = max(least, now - allowed.step), min(most, now + allowed.step)
    # Back to no limit at all is no step either: it is how things were.
    if least <= asked <= most or math.isinf(asked):
        return None
    was, would, low, high = (shown(knob, figure) for figure in (now, asked, least, most))
    return f"{case.knob} would go from {was} to {would}, and limits.toml allows {low} to {high} in one step"


def _now(case: Case) -> float | None:
    value = case.present(case.target)
    return None if value is None else amount(KNOBS[case.knob], value)
