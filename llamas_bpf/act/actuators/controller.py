"""Controllers that a cgroup hands on to its children: ``cgroup.subtree_control`` (cgroup-v2.rst).

Nobody suggests these: a knob whose file is not there needs them, and they go when no knob of ours does.
"""

import errno
from collections.abc import Iterable

from llamas_bpf.act.actuator import Actuator, PutBack
from llamas_bpf.act.cgroup_files import CgroupFiles
from llamas_bpf.act.cgroup_values import DEFAULTS, controller_of
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, Gone, describe, was
from llamas_bpf.act.possible import POSSIBLE, possible
from llamas_bpf.act.systemd import Systemd
from llamas_bpf.contracts.action import CgroupController, CgroupKnob
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.shown import plain

ON, OFF = "on", "off"
_CONTROL = "cgroup.subtree_control"
_WHY = {
    errno.EBUSY: "it has processes of its own, and then no children with controllers: move them into one",
    errno.ENOENT: "it does not have that controller itself",
    errno.EOPNOTSUPP: "it is a threaded cgroup, and those hand on only threaded controllers",
}


class ControllerActuator(Actuator):
    """``on``, or ``off``."""

    def __init__(self, files: CgroupFiles) -> None:
        self._files = files

    def read(self, target: CgroupController) -> Old:
        return Old(value=ON if _hands_on(self._files, target) else OFF)

    def write(self, target: CgroupController, value: str) -> tuple[ThreadValue, ...]:
        if value not in (ON, OFF):
            raise ActError(f"{describe(target)}: it is {ON} or {OFF}, and nothing else")
        try:
            self._files.write(target, _CONTROL, f"{'+' if value == ON else '-'}{target.knob}")
        except ActError as error:
            why = next((why for number, why in _WHY.items() if was(error, number)), None)
            if value == OFF or why is None:
                raise
            raise ActError(f"{describe(target)} cannot be enabled: {why}") from error
        return ()

    def put_back(self, target: CgroupController, old: Old, ours: Iterable[str]) -> PutBack:
        """Off again, unless a child of it was given a setting by someone else, or hands it on."""
        if old.value == OFF and _hands_on(self._files, target):
            children = [_named(target.knob, *child) for child in self._files.children(target)]
            user = next((child for child in children if self._is_used(child)), None)
            if user:
                return PutBack(None, f"{plain(user.cgroup)} has come to rely on it since: it is left enabled")
        return super().put_back(target, old, ours)

    def _is_used(self, child: CgroupController) -> bool:
        names = [name for name in DEFAULTS if controller_of(name) == child.knob]
        try:
            return _hands_on(self._files, child) or not all(self._is_unset(child, name) for name in names)
        except Gone:
            return False  # removed while we look

    def _is_unset(self, child: CgroupController, name: str) -> bool:
        try:
            return self._files.read(child, name) in _unset(name)
        except Gone:
            return True  # this kernel has no such file


def above(target: CgroupKnob, files: CgroupFiles, systemd: Systemd) -> list[tuple[CgroupController, str]]:
    """What has to be enabled for the target's file to be there, from the mount down; ActError where we may
    not: systemd takes back what is enabled below its units, unless they are delegated."""
    name, missing = controller_of(target.knob), []
    for cgroup, number in files.above(target):
        one = _named(name, cgroup, number)
        if _hands_on(files, one):
            continue
        if systemd.manages_below(cgroup):
            raise ActError(
                f"{describe(target)}: the {name} controller is not enabled below {plain(cgroup)}, and there"
                f" systemd decides on that: run the workload in a unit with Delegate={name}"
            )
        missing.append((one, ON))
    return missing


def build(machine: Machine) -> Actuator:
    return ControllerActuator(CgroupFiles(machine))


def _named(name: str, cgroup: str, number: int) -> CgroupController:
    return CgroupController.model_validate({"cgroup": cgroup, "cgroup_id": number, "knob": name})


def _hands_on(files: CgroupFiles, target: CgroupController) -> bool:
    return target.knob in files.read(target, _CONTROL).split()


def _unset(name: str) -> set[str]:
    """A cpuset of everything takes nothing away, and is what an emptied one may be left at."""
    return {DEFAULTS[name], *([possible(name)] if name in POSSIBLE else [])}
