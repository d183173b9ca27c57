"""A share of contended CPU time: ``cpu.weight`` (cgroup-v2.rst)."""

from llamas_bpf.contracts.hint import WeighCpu
from llamas_bpf.plan.here import CannotPlan, Here, Step


def plan(hint: WeighCpu, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    if hint.weight is None:
        raise CannotPlan("the hint gives no weight")
    return [Step(here.knob(workload, "cpu.weight"), str(hint.weight))]
