"""Nothing is to change."""

from llamas_bpf.contracts.hint import Leave
from llamas_bpf.plan.here import Here, Step


def plan(hint: Leave, here: Here) -> list[Step]:
    if hint.workload is not None:
        here.workload(hint.workload)
    return []
