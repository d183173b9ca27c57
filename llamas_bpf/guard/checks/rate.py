"""Have there been enough changes for one minute?"""

from llamas_bpf.guard.case import Case

ORDER = 38

_MINUTE_NS = 60 * 10**9


def check(case: Case) -> str | None:
    if case.begun or case.goes_on(case.action):
        return None
    since_ns = case.situation.digest.end_ns - _MINUTE_NS
    lately = sum(not one.harmed and one.at_ns > since_ns for one in case.situation.touched)
    now = sum(not case.goes_on(other) for other in case.accepted)
    most = case.limits.rates.actions_per_minute
    if lately + now >= most:
        return f"{lately + now} settings were changed within a minute, and limits.toml allows {most}"
    return None
