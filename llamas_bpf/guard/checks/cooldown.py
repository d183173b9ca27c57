"""Has it been changed, or done harm, only just now? What swings to and fro helps nobody."""

import time

from llamas_bpf.guard.case import Case
from llamas_bpf.shown import figure

ORDER = 34


def check(case: Case) -> str | None:
    if case.prolongs:
        return None
    return _touched(case) or _harmed_before(case)


def _touched(case: Case) -> str | None:
    """By workload and knob: a new process of a workload is no new start."""
    rates, now_ns = case.limits.rates, case.situation.digest.end_ns
    for one in reversed(case.window.about.get((case.action.workload, case.knob), ())):
        if getattr(one.target, "node", None) != getattr(case.target, "node", None):
            continue
        ago_s = max(now_ns - one.at_ns, 0) / 1e9
        wait_s = rates.harmed_cooldown_s if one.harmed else rates.cooldown_s
        if ago_s < wait_s:
            did = "did harm" if one.harmed else "was changed"
            ago, wait = seconds(ago_s), seconds(wait_s)
            return f"{case.knob} of {case.who} {did} {ago} ago, and is left alone for {wait}"
    return None


def _harmed_before(case: Case) -> str | None:
    """In a situation like this one, also in an earlier run, also to another workload."""
    wait_s = case.limits.rates.harmed_cooldown_s
    for one in case.lessons:
        # The clock of the epoch can be set back: then what is to come is no memory.
        ago_s = abs(time.time() - one.harmed_at_s)
        if one.harmed and ago_s < wait_s:
            ago, wait = seconds(ago_s), seconds(wait_s)
            return f"this did harm in a like situation {ago} ago, and is not tried for {wait}"
    return None


def seconds(value: float) -> str:
    """Whole ones."""
    return figure("_ns", round(value) * 1e9)
