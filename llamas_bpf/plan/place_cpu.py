"""Given CPUs only: ``cpuset.cpus`` of a cgroup, else the affinity of each of its processes."""

from llamas_bpf.contracts.action import Affinity
from llamas_bpf.contracts.hint import PlaceCpu
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.machine import cpulist
from llamas_bpf.plan.here import Here, Step


def plan(hint: PlaceCpu, here: Here) -> list[Step]:
    return on_cpus(here.workload(hint.workload), cpulist.render(hint.cpus), here)


def on_cpus(workload: Workload, cpus: str, here: Here) -> list[Step]:
    """``cpus`` is a CPU list."""
    if here.has_cgroup(workload, "cpuset"):
        return [Step(here.knob(workload, "cpuset.cpus"), cpus)]
    return [Step(Affinity(pid=p.pid, start_ticks=p.start_ticks), cpus) for p in here.living(workload)]
