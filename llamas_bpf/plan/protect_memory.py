"""Memory that is reclaimed only when nobody else has any to give: ``memory.low`` (cgroup-v2.rst)."""

from llamas_bpf.contracts.hint import ProtectMemory
from llamas_bpf.plan.here import Here, Step


def plan(hint: ProtectMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    return [Step(here.knob(workload, "memory.low"), here.pages(hint.amount_bytes))]
