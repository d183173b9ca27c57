"""A size above which a workload is slowed and reclaimed from: ``memory.high`` (cgroup-v2.rst)."""

from llamas_bpf.contracts.hint import CapMemory
from llamas_bpf.plan.here import CannotPlan, Here, Step


def plan(hint: CapMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    if hint.limit_bytes is None:
        raise CannotPlan("the hint gives no limit")
    page = here.machine.page_bytes
    # The kernel rounds down to pages itself; doing it here makes what is read back equal what was written.
    return [Step(here.knob(workload, "memory.high"), str(hint.limit_bytes // page * page))]
