"""The CPUs that the threads of one process may use (sched_setaffinity(2)): for workloads without a cgroup."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from llamas_bpf.act.actuator import Actuator
from llamas_bpf.act.thread_actuator import OfThreads, ThreadActuator
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine import cpulist

#: No more than five digits: a forged journal must not make us build a list of a billion CPUs.
_LIST = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*", re.ASCII)
_ONLINE = Path("/sys/devices/system/cpu/online")


class AffinityActuator(ThreadActuator):
    """The kernel itself narrows what is read where a CPU goes offline, or the process's cpuset becomes
    smaller (cpuset(7)): what is left of our value then is still ours."""

    what = "CPUs"

    def __init__(self, cgroup_mount: str | None) -> None:
        super().__init__()
        self._mount = cgroup_mount

    def get(self, tid: int) -> str:
        return cpulist.render(os.sched_getaffinity(tid))

    def give(self, tid: int, value: str) -> None:
        if not _LIST.fullmatch(value):
            raise ValueError(value)
        os.sched_setaffinity(tid, cpulist.parse(value))

    def meant(self, target: OfThreads, ours: Iterable[str]) -> set[str]:
        allowed = _cpus(_ONLINE)
        if self._mount:
            allowed &= self._cpuset(target.pid, allowed)
        values = set(ours)
        narrowed = {cpulist.render(allowed & set(cpulist.parse(v))) for v in values if _LIST.fullmatch(v)}
        return values | narrowed - {""}

    def _cpuset(self, pid: int, otherwise: set[int]) -> set[int]:
        """Of the nearest cgroup v2 above the process that has the controller: /proc/PID/cpuset names it.

        A v1 cpuset is not looked for: a mask that it narrowed counts as changed by someone else.
        """
        try:
            cgroup = Path(f"/proc/{pid}/cpuset").read_text(encoding="utf-8").strip().strip("/")
            return _cpus(Path(str(self._mount), cgroup, "cpuset.cpus.effective"))
        except (OSError, ValueError):
            return otherwise


def _cpus(path: Path) -> set[int]:
    return set(cpulist.parse(path.read_text(encoding="ascii")))


def build(machine: Machine) -> Actuator:
    return AffinityActuator(machine.cgroup_mount)
