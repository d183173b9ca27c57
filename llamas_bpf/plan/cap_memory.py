"""Sizes not to be exceeded: ``memory.high`` (slowed and reclaimed from above it), ``memory.swap.max`` and
``memory.zswap.max`` (no more of it is swapped out, or compressed) (cgroup-v2.rst)."""

from llamas_bpf.contracts.action import CgroupKnobName
from llamas_bpf.contracts.hint import CapMemory
from llamas_bpf.plan.here import CannotPlan, Here, Step


def plan(hint: CapMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    sizes: dict[CgroupKnobName, int | None] = {
        "memory.high": hint.limit_bytes,
        "memory.swap.max": hint.swap_bytes,
        "memory.zswap.max": hint.zswap_bytes,
    }
    steps = [
        Step(here.knob(workload, name), here.pages(size)) for name, size in sizes.items() if size is not None
    ]
    if not steps:
        raise CannotPlan("the hint gives no limit: neither limit_bytes, nor swap_bytes, nor zswap_bytes")
    return steps
