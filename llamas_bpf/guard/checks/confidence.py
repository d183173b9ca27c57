"""Is the advisor sure enough?"""

from llamas_bpf.guard.case import Case

ORDER = 10


def check(case: Case) -> str | None:
    least = case.limits.min_confidence
    if case.confidence < least:
        return f"the hint is {case.confidence:.2f} sure of itself, and at least {least:.2f} is asked for"
    return None
