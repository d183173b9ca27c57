"""Knobs of a cgroup v2 (Documentation/admin-guide/cgroup-v2.rst)."""

import errno
import os

from llamas_bpf.act.actuator import Actuator
from llamas_bpf.act.cgroup_files import POSSIBLE, CgroupFiles, possible
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, was
from llamas_bpf.contracts.action import CgroupKnob
from llamas_bpf.contracts.machine import Machine


class CgroupActuator(Actuator):
    """``cpu.weight``, ``cpuset.cpus``, ``cpuset.mems``, ``memory.high``: one value each, read as written.

    While processes are in it, a cpuset that was set once cannot be made empty again (ENOSPC: kernel/cgroup/
    cpuset.c, validate_change). Everything possible means the same: what the parent has, and no less.
    """

    def __init__(self, files: CgroupFiles) -> None:
        self._files = files

    def read(self, target: CgroupKnob) -> Old:
        return Old(value=self._files.read(target, target.knob))

    def write(self, target: CgroupKnob, value: str) -> tuple[ThreadValue, ...]:
        # Opened so, memory.high does not make the writer itself reclaim (cgroup-v2.rst; others ignore it).
        flags = os.O_NONBLOCK if target.knob == "memory.high" else 0
        try:
            self._files.write(target, target.knob, value, flags)
        except ActError as error:
            if value or target.knob not in POSSIBLE or not was(error, errno.ENOSPC):
                raise
            self._files.write(target, target.knob, possible(target.knob))
        return ()


def build(machine: Machine) -> Actuator:
    return CgroupActuator(CgroupFiles(machine))
