"""CPU time and clock speed: ``cpu.weight``, ``cpu.max``, ``cpu.uclamp.*`` (cgroup-v2.rst); without a cgroup,
a weight below everyone's is a priority for each process."""

from math import log

from llamas_bpf.contracts.action import Priority
from llamas_bpf.contracts.hint import WeighCpu
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.plan.here import CannotPlan, Here, Step

#: The period that cpu.max has unless told otherwise, and the least quota the kernel takes, in µs.
PERIOD_US = 100_000
LEAST_QUOTA_US = 1000
EVERYONES = 100
#: "The multiplier is 1.25" from one nice level to the next (kernel/sched/core.c, sched_prio_to_weight).
PER_NICE = 1.25
#: From here down a thread does not preempt others when it wakes either (sched(7), SCHED_BATCH).
BATCH_NICE = 10
#: Below what nice 19 means, 1.5 of 100; SCHED_IDLE is 0.3 of 100 (kernel/sched/sched.h, WEIGHT_IDLEPRIO).
LOWEST_NICE = 19


def plan(hint: WeighCpu, here: Here) -> list[Step]:
    workload = here.workload(hint.workload)
    steps = []
    if hint.weight is not None:
        steps += _weigh(workload, hint.weight, here)
    if hint.most_cpus is not None:
        quota = max(LEAST_QUOTA_US, round(hint.most_cpus * PERIOD_US))
        steps.append(Step(here.knob(workload, "cpu.max"), f"{quota} {PERIOD_US}"))
    least, most = hint.least_speed_percent, hint.most_speed_percent
    if least is not None and most is not None and least > most:
        raise CannotPlan(f"the hint's least speed, {least:g} percent, is above its most, {most:g} percent")
    if least is not None:
        steps.append(Step(here.knob(workload, "cpu.uclamp.min"), _percent(least)))
    if most is not None:
        steps.append(Step(here.knob(workload, "cpu.uclamp.max"), _percent(most)))
    if not steps:
        raise CannotPlan(
            "the hint gives no weight, no number of CPUs and no speed: one of them must be given"
        )
    return steps


def _weigh(workload: Workload, weight: int, here: Here) -> list[Step]:
    if here.has_cgroup(workload, "cpu") or workload.cgroup == "/":
        return [Step(here.knob(workload, "cpu.weight"), str(weight))]
    if weight >= EVERYONES:
        raise CannotPlan(
            f"{workload.id} has no cgroup with the cpu controller, and only that can be given a weight of"
            f" {weight}: more for one is less for others, so give those a weight below {EVERYONES}"
        )
    value = priority(weight)
    return [Step(Priority(pid=p.pid, start_ticks=p.start_ticks), value) for p in here.living(workload)]


def priority(weight: int) -> str:
    """The nice and policy that come nearest to a weight below everyone's, which is nice 0.

    Where autogroups are on, nice compares threads of one session only (sched(7), "The autogroup feature").
    """
    nice = max(1, round(log(EVERYONES / weight, PER_NICE)))
    if nice > LOWEST_NICE:
        return f"{LOWEST_NICE} idle"
    return f"{nice} {'batch' if nice >= BATCH_NICE else 'other'}"


def _percent(value: float) -> str:
    """As the kernel prints it: two decimals, and ``max`` for what is the whole of its 1024 steps."""
    hundredths = round(value * 100)
    if round(hundredths * 1024 / 10_000) >= 1024:
        return "max"
    return f"{hundredths / 100:.2f}"
