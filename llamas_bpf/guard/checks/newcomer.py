"""Has it been there for long enough to be judged? What has no before has no after either."""

from llamas_bpf.guard.case import Case
from llamas_bpf.learn.noise import FEWEST

ORDER = 31


def check(case: Case) -> str | None:
    workload = case.action.workload
    if workload is None or case.prolongs:
        return None
    # At the start of a run nobody has been there for long: the controller waits for its BASELINE.
    least = min(FEWEST, len(case.situation.recent))
    seen = case.window.seen(workload, least)
    if seen < least:
        return f"{case.who} was there in {seen} of the last windows, and is acted on after {least}"
    return None
