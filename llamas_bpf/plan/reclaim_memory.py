"""Memory pushed down a tier or out, once: ``memory.reclaim`` (cgroup-v2.rst)."""

from llamas_bpf.contracts.hint import ReclaimMemory
from llamas_bpf.plan.here import Here, Step


def plan(hint: ReclaimMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    return [Step(here.reclaim(workload), str(hint.amount_bytes))]
