"""Has it come to nothing before, in a situation like this one?"""

import time

from llamas_bpf.guard.case import Case
from llamas_bpf.guard.checks.cooldown import seconds

ORDER = 36

#: Neutral once may be chance.
TIMES = 2


def check(case: Case) -> str | None:
    if case.prolongs:
        return None
    memory_s, now_s = case.limits.rates.fruitless_s, time.time()
    # The clock of the epoch can be set back: then what is to come is no memory.
    neutral = sum(abs(now_s - at_s) < memory_s for one in case.lessons for at_s in one.neutral_at_s)
    if neutral >= TIMES and not any(one.helped for one in case.lessons):
        return (
            f"in a situation like this it changed nothing {neutral} times, and is not tried again for"
            f" {seconds(memory_s)}"
        )
    return None
