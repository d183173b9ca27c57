"""Memory on given nodes: ``cpuset.mems``, which also moves the pages that are elsewhere (cgroup-v2.rst).

Where there is no cpuset, the pages of each process are moved, once: what it allocates later comes from where
its threads run.
"""

from llamas_bpf.contracts.action import Pages
from llamas_bpf.contracts.hint import PlaceMemory
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.plan.here import CannotPlan, Here, Step


def plan(hint: PlaceMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    nodes = here.nodes(hint.nodes)
    if hint.pages == "all":
        return on_nodes(workload, nodes, here)
    raise CannotPlan(f"which pages of {workload.id} are {hint.pages} is not known page by page: say all")


def on_nodes(workload: Workload, nodes: str, here: Here) -> list[Step]:
    """All of its memory; ``nodes`` is a node list."""
    if here.has_cgroup(workload, "cpuset"):
        return [Step(here.knob(workload, "cpuset.mems"), nodes)]
    return [
        Step(Pages(pid=one.pid, start_ticks=one.start_ticks, knob="pages.move"), nodes)
        for one in here.living(workload)
    ]
