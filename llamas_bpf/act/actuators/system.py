"""Machine-wide settings that steer memory tiering. Paths are written here, never taken from outside."""

import os
from pathlib import Path

from llamas_bpf.act.actuator import Actuator
from llamas_bpf.act.entries import Old, ThreadMask
from llamas_bpf.act.errors import explained
from llamas_bpf.contracts.action import SystemKnob, SystemKnobName
from llamas_bpf.contracts.machine import Machine

FILES: dict[SystemKnobName, str] = {
    "numa.demotion_enabled": "sys/kernel/mm/numa/demotion_enabled",
    "kernel.numa_balancing": "proc/sys/kernel/numa_balancing",
}


class SystemActuator(Actuator):
    """``root`` is / but in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def read(self, target: SystemKnob) -> Old:
        with explained(target):
            return Old(value=(self._root / FILES[target.knob]).read_text(encoding="ascii").rstrip("\n"))

    def write(self, target: SystemKnob, value: str) -> tuple[ThreadMask, ...]:
        with explained(target):
            file = os.open(self._root / FILES[target.knob], os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
            try:
                os.write(file, value.encode("ascii"))
            finally:
                os.close(file)
        return ()


def build(machine: Machine) -> Actuator:
    return SystemActuator()
