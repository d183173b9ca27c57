"""Demotion (ABI/testing/sysfs-kernel-mm-numa) and promotion (sysctl/kernel.rst), machine-wide."""

from llamas_bpf.contracts.action import SystemKnob
from llamas_bpf.contracts.hint import TuneTiering
from llamas_bpf.plan.here import CannotPlan, Here, Step

#: NUMA_BALANCING_MEMORY_TIERING, a bit of kernel.numa_balancing; bit 0 is balancing between like nodes.
TIERING = 2


def plan(hint: TuneTiering, here: Here) -> list[Step]:
    if hint.demotion is None and hint.promotion is None:
        raise CannotPlan("the hint says neither what to do with demotion nor with promotion")
    if len(here.machine.tiers) < 2 and (hint.demotion or hint.promotion):
        raise CannotPlan("this machine has one memory tier: there is no other to move pages to")
    steps = []
    if hint.demotion is not None:
        steps.append(Step(SystemKnob(knob="numa.demotion_enabled"), "true" if hint.demotion else "false"))
    if hint.promotion is not None:
        now = here.situation.digest.machine.get("tiering", {}).get("numa_balancing") or 0
        value = now | TIERING if hint.promotion else now & ~TIERING
        steps.append(Step(SystemKnob(knob="kernel.numa_balancing"), str(value)))
    return steps
