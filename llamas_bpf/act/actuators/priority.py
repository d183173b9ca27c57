"""Nice and policy of the threads of one process (sched(7)): less CPU time where no cgroup is to be had.

The value is ``NICE POLICY``, such as ``10 batch``. Real-time and deadline threads, and those of a scheduler
in BPF, are never touched: neither nice nor these policies say anything about them.
"""

import os
import re
from collections.abc import Iterable

from llamas_bpf.act.actuator import Actuator
from llamas_bpf.act.thread_actuator import ThreadActuator
from llamas_bpf.contracts.machine import Machine

POLICIES = {"other": os.SCHED_OTHER, "batch": os.SCHED_BATCH, "idle": os.SCHED_IDLE}
_NAMES = {number: name for name, number in POLICIES.items()}
_VALUE = re.compile(rf"(-?[0-9]{{1,2}}) ({'|'.join(POLICIES)})", re.ASCII)
_NICE = range(-20, 20)


class PriorityActuator(ThreadActuator):
    """A thread's reset-on-fork flag (sched(7)) is part of the policy that is read and written: it is kept."""

    what = "priorities"
    never = "of its threads are real-time, deadline or under a BPF scheduler, and are not touched"

    def get(self, tid: int) -> str | None:
        policy = _NAMES.get(os.sched_getscheduler(tid) & ~os.SCHED_RESET_ON_FORK)
        return policy and f"{os.getpriority(os.PRIO_PROCESS, tid)} {policy}"

    def give(self, tid: int, value: str) -> None:
        found = _VALUE.fullmatch(value)
        if not found or int(found[1]) not in _NICE:
            raise ValueError(value)
        now = os.sched_getscheduler(tid)
        if now & ~os.SCHED_RESET_ON_FORK not in _NAMES:
            return  # it became a real-time thread since it was looked at
        policy = POLICIES[found[2]] | now & os.SCHED_RESET_ON_FORK
        if policy != now:
            os.sched_setscheduler(tid, policy, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, tid, int(found[1]))

    def halves(self, original: str, ours: Iterable[str]) -> set[str]:
        """Policy and nice take two calls: sched_setattr(2) sets both at once, but not of an idle thread
        (kernel/sched/syscalls.c, __setscheduler_params). Each half is ours, or what was there before."""
        words = [value.split(" ") for value in (original, *ours)]
        nices, policies = {nice for nice, *_ in words}, {policy for *_, policy in words}
        return {f"{nice} {policy}" for nice in nices for policy in policies} - {original}


def build(machine: Machine) -> Actuator:
    return PriorityActuator()
