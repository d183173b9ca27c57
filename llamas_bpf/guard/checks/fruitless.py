"""Has it come to nothing before, in a situation like this one?"""

import time

from llamas_bpf import fingerprint
from llamas_bpf.guard.case import Case

ORDER = 36

#: Neutral once may be chance.
TIMES = 2


def check(case: Case) -> str | None:
    if case.goes_on(case.action):
        return None
    memory_s = case.limits.rates.fruitless_s
    lessons = [one for one in case.lessons if time.time() - one.at_s < memory_s]
    here = fingerprint.of(case.situation, case.action.workload) if lessons else None
    if here is None:
        return None
    alike = [one for one in lessons if fingerprint.alike(one.situation, here)]
    neutral = sum(one.neutral for one in alike)
    if neutral >= TIMES and not any(one.helped for one in alike):
        return (
            f"in a situation like this it changed nothing {neutral} times, and is not tried again for"
            f" {memory_s:g} s"
        )
    return None
