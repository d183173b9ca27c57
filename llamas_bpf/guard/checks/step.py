"""Does it go too far at once? Where a range has a step or factor, the kernel is asked what is there now."""

import math

from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.limits import Range
from llamas_bpf.guard.values import amount, shown

ORDER = 55


def check(case: Case) -> str | None:
    allowed = case.limits.bounds.get(case.knob)
    if allowed is None or (allowed.factor is None and allowed.step is None):
        return None
    knob = KNOBS[case.knob]
    asked, now = amount(knob, case.action.value), _now(case)
    # From no limit at all in bytes there is no step to measure. Where nobody can tell what is there, nobody
    # can write there either.
    if asked is None or now is None or math.isinf(now):
        return None
    least, most = _reach(allowed, now)
    if knob.takes == "number":
        least, most = math.ceil(least), most if math.isinf(most) else math.floor(most)
    # Back to no limit at all is no step either: it is how things were.
    if least <= asked <= most or math.isinf(asked):
        return None
    was, would, low, high = (shown(knob, figure) for figure in (now, asked, least, most))
    return f"{case.knob} would go from {was} to {would}, and limits.toml allows {low} to {high} in one step"


def _reach(allowed: Range, now: float) -> tuple[float, float]:
    least, most = 0.0, math.inf
    if allowed.factor is not None and now > 0:
        least, most = now / allowed.factor, now * allowed.factor
    if allowed.step is not None:
        least, most = max(least, now - allowed.step), min(most, now + allowed.step)
    return least, most


def _now(case: Case) -> float | None:
    """No limit on CPU time is all CPUs, none on the clock is the whole of it: there is no more to have."""
    knob, value = KNOBS[case.knob], case.present(case.target)
    now = None if value is None else amount(knob, value)
    if now == math.inf:
        return {"quota": float(len(case.situation.machine.cpus)), "percent": 100.0}.get(knob.takes, now)
    return now
