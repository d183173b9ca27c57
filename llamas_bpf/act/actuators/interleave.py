"""Weights of nodes for programs that interleave by weight (``exec --mems weights``): pages allocated later
follow them (ABI/testing/sysfs-kernel-mm-mempolicy-weighted-interleave).

Since 6.16 the kernel can choose all weights itself, by bandwidth, and setting one of them ends that for all.
A weight of its choice reads as ``auto 14`` here, also one that lost its ``auto`` only because we have set
another node's; the last of ours that is given back switches the kernel's choosing on again, for all of them.
"""

import errno
from collections.abc import Iterable
from pathlib import Path

from llamas_bpf.act.actuator import Actuator, PutBack
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, Gone, describe, was
from llamas_bpf.act.system_files import SystemFile, SystemFiles
from llamas_bpf.contracts.action import InterleaveWeight
from llamas_bpf.contracts.machine import Machine

DIRECTORY = "sys/kernel/mm/mempolicy/weighted_interleave"
NEEDS = "CONFIG_NUMA (since 6.9)"
#: In 6.18 a macro of the name "auto" (include/linux/compiler_types.h) renamed the file as well.
AUTO = tuple(
    SystemFile(f"{DIRECTORY}/{name}", "CONFIG_NUMA (since 6.16)") for name in ("auto", "__auto_type")
)

_AUTO = "auto "


class InterleaveActuator(Actuator):
    """A weight of 1 to 255, or ``auto`` and the kernel's own weight."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = SystemFiles(root)

    def read(self, target: InterleaveWeight) -> Old:
        weight = self._files.read(target, _file(target))
        is_chosen = self._auto(target)[1] == "true"
        if target not in self.held():
            is_chosen = is_chosen or self._others_of_choice(target)
        return Old(value=f"{_AUTO}{weight}" if is_chosen else weight)

    def write(self, target: InterleaveWeight, value: str) -> tuple[ThreadValue, ...]:
        # Where it is on already, switching it on changes nothing; but it shows whether it could be again.
        file, now = self._auto(target)
        if value.startswith("auto") or now == "true":
            self._switch_on(target, file)
        if not value.startswith("auto"):
            self._files.write(target, _file(target), value)
        return ()

    def put_back(self, target: InterleaveWeight, old: Old, ours: Iterable[str]) -> PutBack:
        weight = old.value.removeprefix(_AUTO)
        if weight == old.value or self.read(target).value == old.value:
            return super().put_back(target, old, ours)
        if self._others_of_choice(target):
            return super().put_back(target, Old(value=weight), ours)
        return super().put_back(target, old, [*ours, weight])

    def _others_of_choice(self, target: InterleaveWeight) -> bool:
        """Whether we hold others, which had weights of the kernel's choice."""
        held = self.held().items()
        others = [hold for other, hold in held if other.kind == target.kind and other != target]
        return any(hold.intent.old.value.startswith(_AUTO) for hold in others)

    def _auto(self, target: InterleaveWeight) -> tuple[SystemFile, str]:
        """The switch, and what it says: nothing, where the kernel has none."""
        for file in AUTO:
            try:
                return file, self._files.read(target, file)
            except Gone:
                continue
        return AUTO[0], ""

    def _switch_on(self, target: InterleaveWeight, auto: SystemFile) -> None:
        try:
            self._files.write(target, auto, "true")
        except ActError as error:
            # mm/mempolicy.c, weighted_interleave_auto_store(): it reads "true" where it cannot be written.
            if was(error, errno.ENODEV):
                raise ActError(
                    f"{describe(target)}: the kernel chooses weights itself, and without bandwidths to go by"
                    f" it could not be told to do so again: if that is no loss, echo false > /{auto.path}"
                ) from error
            raise


def _file(target: InterleaveWeight) -> SystemFile:
    return SystemFile(f"{DIRECTORY}/node{target.node}", NEEDS)


def build(machine: Machine) -> Actuator:
    return InterleaveActuator()
