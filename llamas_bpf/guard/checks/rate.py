"""Have there been enough changes for one minute?"""

from llamas_bpf.guard.case import Case

ORDER = 38


def check(case: Case) -> str | None:
    if case.begun or case.goes_on(case.action):
        return None
    lately = case.lately.in_a_minute
    now = sum(not case.goes_on(other) for other in case.accepted)
    most = case.limits.rates.actions_per_minute
    if lately + now >= most:
        return f"{lately + now} settings were changed within a minute, and limits.toml allows {most}"
    return None
