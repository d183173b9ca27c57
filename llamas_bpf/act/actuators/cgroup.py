"""Knobs of a cgroup v2 (Documentation/admin-guide/cgroup-v2.rst)."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from llamas_bpf.act.actuator import Actuator, Note, PutBack
from llamas_bpf.act.actuators import controller
from llamas_bpf.act.cgroup_files import CgroupFiles
from llamas_bpf.act.cgroup_values import DEFAULTS, controller_of, same
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, Gone, describe, was
from llamas_bpf.act.possible import POSSIBLE, possible
from llamas_bpf.act.systemd import Systemd
from llamas_bpf.contracts.action import CgroupController, CgroupKnob
from llamas_bpf.contracts.machine import Machine

#: What has to be built into a kernel for the knob to be there although its controller is.
_BUILT_BY = {
    "cpu.weight": "CONFIG_FAIR_GROUP_SCHED",
    "cpu.max": "CONFIG_CFS_BANDWIDTH",
    "cpu.uclamp.min": "CONFIG_UCLAMP_TASK_GROUP",
    "cpu.uclamp.max": "CONFIG_UCLAMP_TASK_GROUP",
    "memory.swap.max": "CONFIG_SWAP",
    "memory.zswap.max": "CONFIG_ZSWAP",
}


class CgroupActuator(Actuator):
    """One value each. What systemd owns is written by systemd; it is read in the kernel's own file always.

    How long a write takes: ``cpuset.mems`` returns when all pages have moved, seconds for gigabytes. The
    kernel moves them in a workqueue but waits for it before it lets the writer go on, whoever that is
    (kernel/cgroup/cpuset.c, cpuset_write_resmask); nothing bounds it but the size of what moves. Before 6.15
    a lower ``memory.high`` may reclaim in the writer. The other limits of memory only store a number.
    """

    def __init__(self, files: CgroupFiles, systemd: Systemd, page_bytes: int) -> None:
        self._files, self._systemd, self._page_bytes = files, systemd, page_bytes

    def begin(self) -> None:
        self._systemd.begin()

    def read(self, target: CgroupKnob) -> Old:
        """Where the controller is not enabled yet: what the file will say once it is."""
        value = self._there(target)
        value = DEFAULTS[target.knob] if value is None else value
        return Old(value=value, no_drop_in=self._systemd.keeps_nothing(target))

    def needs(self, target: CgroupKnob) -> list[tuple[CgroupController, str]]:
        """Its controller, from the mount down. For its own units systemd sees to that."""
        if self._there(target) is not None or self._systemd.unit_of(target):
            return []
        return controller.above(target, self._files, self._systemd)

    def write(self, target: CgroupKnob, value: str) -> tuple[ThreadValue, ...]:
        unit = self._systemd.unit_of(target)
        if unit:
            self._systemd.set(unit, target, value)
        else:
            self._write_file(target, value)
        return ()

    def put_back(self, target: CgroupKnob, old: Old, ours: Iterable[str]) -> PutBack:
        """A unit's property too: it may be ours although the kernel refused it, or the cgroup is gone."""
        with self._outliving(target, old, ours):
            done = super().put_back(target, old, ours)
            if done.left is None and self._systemd.unit_of(target):
                self._systemd.take_back(target, old, ours)
            return done

    def reconcile(self, target: CgroupKnob, old: Old, ours: Iterable[str], note: Note) -> str | None:
        with self._outliving(target, old, ours):
            return super().reconcile(target, old, ours, note)

    @contextmanager
    def _outliving(self, target: CgroupKnob, old: Old, ours: Iterable[str]) -> Iterator[None]:
        """A unit that was restarted has another cgroup, and our value in it: it goes before we let go."""
        try:
            yield
        except Gone as error:
            unit = self._systemd.take_back(target, old, ours)
            if unit is None:
                raise
            raise Gone(f"{error}; systemd's {unit} has what it had before us again") from error

    def is_all(self, target: CgroupKnob, now: Old, value: str) -> bool:
        return same(target.knob, now.value, value, self._page_bytes)

    def _there(self, target: CgroupKnob) -> str | None:
        """What the file says; None where its controller is not enabled. ActError if the kernel lacks it."""
        try:
            return self._files.read(target, target.knob)
        except Gone:  # the cgroup itself, which the next line finds out; or the file
            if controller_of(target.knob) not in self._files.read(target, "cgroup.controllers").split():
                return None
            name = _BUILT_BY.get(target.knob, "it")
            raise ActError(f"{describe(target)}: this kernel was built without {name}") from None

    def _write_file(self, target: CgroupKnob, value: str) -> None:
        """While processes are in it, a cpuset that was set once cannot be made empty again (ENOSPC: kernel/
        cgroup/cpuset.c, validate_change). Everything possible means the same: what the parent has."""
        # Opened so, memory.high does not make the writer itself reclaim (since 6.15; ignored before).
        flags = os.O_NONBLOCK if target.knob == "memory.high" else 0
        try:
            self._files.write(target, target.knob, value, flags)
        except ActError as error:
            if value or target.knob not in POSSIBLE or not was(error, errno.ENOSPC):
                raise
            self._files.write(target, target.knob, possible(target.knob))


def build(machine: Machine) -> Actuator:
    return CgroupActuator(CgroupFiles(machine), Systemd(), machine.page_bytes)
