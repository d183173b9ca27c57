"""``memory.reclaim``: gives back, or demotes, a cgroup's coldest pages, once (cgroup-v2.rst)."""

import errno
import time

from llamas_bpf.act.actuator import Actuator
from llamas_bpf.act.cgroup_files import CgroupFiles
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, was
from llamas_bpf.contracts.action import CgroupReclaim
from llamas_bpf.contracts.machine import Machine

BATCH_BYTES = 32 << 20
#: For all of a window's reclaim together; a batch that has begun is finished.
SECONDS = 1.0


class ReclaimActuator(Actuator):
    """Old and new are ``memory.current``; the value is how many bytes to take."""

    one_shot = True

    def __init__(self, files: CgroupFiles) -> None:
        self._files = files
        self._deadline: float | None = None
        self._idle = False

    def begin(self) -> None:
        self._deadline = None

    def read(self, target: CgroupReclaim) -> Old:
        return Old(value=self._files.read(target, "memory.current"))

    def write(self, target: CgroupReclaim, value: str) -> tuple[ThreadValue, ...]:
        if self._deadline is None:  # not from begin(): others' actions may take their time before
            self._deadline = time.monotonic() + SECONDS
        left, before = int(value), int(self.read(target).value)
        self._idle = True
        while left > 0 and time.monotonic() < self._deadline:
            batch = min(left, BATCH_BYTES)
            try:
                self._files.write(target, "memory.reclaim", str(batch))
            except ActError as error:
                # "-EAGAIN if less than requested": the rest is in use, which is an answer, not a failure.
                if was(error, errno.EAGAIN):
                    self._idle = self._idle and int(self.read(target).value) >= before
                    break
                raise
            self._idle = False
            left -= batch
        return ()

    def did_nothing(self) -> bool:
        return self._idle


def build(machine: Machine) -> Actuator:
    return ReclaimActuator(CgroupFiles(machine))
