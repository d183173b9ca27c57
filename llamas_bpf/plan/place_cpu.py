"""Given CPUs only: ``cpuset.cpus`` of a cgroup, else the affinity of each of its processes."""

from llamas_bpf.contracts.action import Affinity
from llamas_bpf.contracts.hint import PlaceCpu
from llamas_bpf.machine import cpulist
from llamas_bpf.plan.here import CannotPlan, Here, Step


def plan(hint: PlaceCpu, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    cpus = cpulist.render(hint.cpus)
    if here.has_cgroup(workload, "cpuset"):
        return [Step(here.knob(workload, "cpuset.cpus"), cpus)]
    # A process that ended before it was looked at has no known start, and cannot be told from a later one.
    living = [process for process in workload.processes if process.pid > 1 and process.start_ticks > 0]
    if not living:
        raise CannotPlan(f"{workload.id} has no process that could be given CPUs")
    return [Step(Affinity(pid=one.pid, start_ticks=one.start_ticks), cpus) for one in living]
