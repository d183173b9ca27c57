"""Is it a value of its knob at all, and within the operator's minimum and maximum?"""

from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.values import amount, shown, takes
from llamas_bpf.shown import plain

ORDER = 50


def check(case: Case) -> str | None:
    name, value = case.knob, case.action.value
    knob = KNOBS.get(name)
    if knob is None or (name not in case.limits.bounds and name not in case.limits.switches):
        return f"limits.toml has no bounds for {name}, so it is left alone"
    if knob.takes == "words":
        words = case.limits.switches[name]
        return None if value in words else f"{name} takes {', '.join(words)} here, not {plain(value, 40)!r}"
    asked = amount(knob, value)
    if asked is None:
        return f"{name} takes {takes(knob)}, not {plain(value, 40)!r}"
    allowed = case.limits.bounds[name]
    if not allowed.min <= asked <= allowed.max:
        least, most, would = (shown(knob, figure) for figure in (allowed.min, allowed.max, asked))
        return f"{name} would become {would}, and limits.toml allows {least} to {most}"
    return None
