"""Memory on given nodes: ``cpuset.mems``, which also moves the pages that are elsewhere (cgroup-v2.rst).
Only what is hot, or cold, goes to one node: by a DAMON scheme, for as long as it is in force.

Where there is no cpuset, the pages of each process are moved, once: what it allocates later comes from where
its threads run.
"""

from llamas_bpf.contracts.action import Pages
from llamas_bpf.contracts.hint import PlaceMemory
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.plan import schemes
from llamas_bpf.plan.here import CannotPlan, Here, Step


def plan(hint: PlaceMemory, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    nodes = here.nodes(hint.nodes)
    if hint.pages == "all":
        return on_nodes(workload, nodes, here)
    if not nodes.isdigit():
        raise CannotPlan(f"{hint.pages} pages can be moved to one node only, and the hint names several")
    return [schemes.migrate(hint.pages == "hot", workload, nodes, here)]


def on_nodes(workload: Workload, nodes: str, here: Here) -> list[Step]:
    """All of its memory; ``nodes`` is a node list."""
    if here.has_cgroup(workload, "cpuset"):
        return [Step(here.knob(workload, "cpuset.mems"), nodes)]
    return [
        Step(Pages(pid=one.pid, start_ticks=one.start_ticks, knob="pages.move"), nodes)
        for one in here.living(workload)
    ]
