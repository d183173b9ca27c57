"""Memory on given nodes: ``cpuset.mems``, which also moves the pages that are elsewhere (cgroup-v2.rst)."""

from llamas_bpf.contracts.hint import PlaceMemory
from llamas_bpf.plan.here import Here, Step


def plan(hint: PlaceMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    return [Step(here.knob(workload, "cpuset.mems"), here.nodes(hint.nodes))]
