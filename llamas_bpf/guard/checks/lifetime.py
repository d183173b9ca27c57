"""Does it end soon enough, and last long enough to be judged?

What goes on has been in force already: said again and again, a hint would otherwise never end.
"""

from llamas_bpf.guard.case import Case
from llamas_bpf.shown import figure

ORDER = 20


def check(case: Case) -> str | None:
    longest, asked = case.limits.max_ttl_s, case.action.ttl_s
    # Where an operator has nothing last that long, the shorter time holds.
    shortest = min(case.limits.min_ttl_s, longest)
    if asked > longest:
        return f"it would stay in force for {asked} s, and at most {longest} s are allowed"
    if asked < shortest:
        return f"it would end after {asked} s, before it could be judged: at least {shortest} s are asked for"
    held_ns = _in_force_ns(case)
    if held_ns and held_ns / 1e9 + asked > longest:
        return (
            f"it has been in force for {figure('_ns', held_ns)}, and with {asked} s more it would be longer"
            f" than the {longest} s that are allowed: once it has ended it may be given anew"
        )
    return None


def _in_force_ns(case: Case) -> int:
    """Since it was first set; 0 for what is new."""
    if not case.prolongs:
        return 0
    since = min(entry.at_ns for entry in case.situation.in_force if entry.action.target == case.target)
    return max(case.situation.digest.end_ns - since, 0)
