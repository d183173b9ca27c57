"""Has it been changed, or done harm, only just now? What swings to and fro helps nobody."""

import time

from llamas_bpf import fingerprint
from llamas_bpf.guard.case import Case

ORDER = 34


def check(case: Case) -> str | None:
    if case.goes_on(case.action):
        return None
    return _touched(case) or _harmed_before(case)


def _touched(case: Case) -> str | None:
    """By workload and knob: a new process of a workload is no new start."""
    rates, now_ns = case.limits.rates, case.situation.digest.end_ns
    for one in reversed(case.lately.about.get((case.action.workload, case.knob), ())):
        if getattr(one.target, "node", None) != getattr(case.target, "node", None):
            continue
        ago_s = max(now_ns - one.at_ns, 0) / 1e9
        wait_s = rates.harmed_cooldown_s if one.harmed else rates.cooldown_s
        if ago_s < wait_s:
            did = "did harm" if one.harmed else "was changed"
            return f"{case.knob} of {case.who} {did} {ago_s:.0f} s ago, and is left alone for {wait_s:g} s"
    return None


def _harmed_before(case: Case) -> str | None:
    """In a situation like this one, also in an earlier run, also to another workload."""
    wait_s = case.limits.rates.harmed_cooldown_s
    lessons = [one for one in case.lessons if one.harmed and time.time() - one.at_s < wait_s]
    here = fingerprint.of(case.situation, case.action.workload) if lessons else None
    for one in lessons:
        if here is not None and fingerprint.alike(one.situation, here):
            ago_s = max(time.time() - one.at_s, 0)
            return f"this did harm in a like situation {ago_s:.0f} s ago, and is not tried for {wait_s:g} s"
    return None
