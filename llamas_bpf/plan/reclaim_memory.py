"""Memory pushed down a tier or out, once: ``memory.reclaim`` (cgroup-v2.rst). Or out, steadily: by DAMON.

Where there is no such cgroup, each process gives an equal share, to swap: process_madvise(2).
"""

from llamas_bpf.contracts.action import Pages
from llamas_bpf.contracts.hint import ReclaimMemory
from llamas_bpf.plan import schemes
from llamas_bpf.plan.here import Here, Step


def plan(hint: ReclaimMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    if hint.how == "steadily":
        return [schemes.page_out(workload, hint.amount_bytes, here)]
    if here.has_cgroup(workload, "memory"):
        return [Step(here.reclaim(workload), str(hint.amount_bytes))]
    page = here.machine.page_bytes
    pages = max(hint.amount_bytes // page, 1)
    givers = here.living(workload)[:pages]
    share = pages // len(givers) * page
    return [
        Step(Pages(pid=one.pid, start_ticks=one.start_ticks, knob="pages.pageout"), str(share))
        for one in givers
    ]
