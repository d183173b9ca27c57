"""Does it end soon enough?"""

from llamas_bpf.guard.case import Case

ORDER = 20


def check(case: Case) -> str | None:
    longest = case.limits.max_ttl_s
    if case.action.ttl_s > longest:
        return f"it would stay in force for {case.action.ttl_s} s, and at most {longest} s are allowed"
    if case.action.ttl_s < 1:
        return "it would end before it began"
    return None
