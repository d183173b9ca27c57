"""Which devices workloads have open: their files, by way of what sysfs says of a device number.

A file of a file system is none of them: only a device's own file, such as ``/dev/dri/renderD128``.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from llamas_bpf.contracts.machine import Device
from llamas_bpf.contracts.workload import Workload

#: So many workloads are looked at in a window, each no more often than every so many windows; of each so many
#: processes, and so many files of each.
LOOKED_AT, EVERY_WINDOWS = 4, 5
MOST_PROCESSES, MOST_FILES = 8, 128

DEVICE_NUMBERS = Path("/sys/dev")
#: NVIDIA's driver registers no device numbers with sysfs, but lists its cards by PCI address here.
NVIDIA, NVIDIA_MAJOR = Path("/proc/driver/nvidia/gpus"), 195
_OF_DEVICES = {b"devtmpfs", b"tmpfs"}
_MINOR = re.compile(r"^Device Minor:\s*(\d+)", re.MULTILINE)
_PCI = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


class OpenDevices:
    """Remembers what it saw of each workload, for as long as that is asked about."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self._order = [device.id for device in sorted(devices, key=_computing_first)]
        self._of_pci = {device.pci: device.id for device in devices}
        self._of_number: dict[tuple[bool, int], str | None] = {}
        self._seen: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._window = 0

    def look(self, workloads: Sequence[Workload]) -> dict[str, tuple[str, ...]]:
        """The devices (``gpu0``) of those that were looked at, now or some windows ago, by workload; those
        that compute come first. Of the others nothing is known. ``workloads`` are those that matter, the
        busiest first."""
        if not self._order:
            return {}
        self._window += 1
        self._seen = {each.id: self._seen[each.id] for each in workloads if each.id in self._seen}
        due = [each for each in workloads if self._age(each) >= EVERY_WINDOWS]
        for each in sorted(due, key=self._age, reverse=True)[:LOOKED_AT]:
            opened = set(self._opened(each))
            self._seen[each.id] = self._window, tuple(id_ for id_ in self._order if id_ in opened)
        return {id_: found for id_, (_, found) in self._seen.items()}

    def _age(self, workload: Workload) -> int:
        """In windows; of one that was never looked at, longer than any."""
        return self._window - self._seen.get(workload.id, (-(1 << 40), ()))[0]

    def _opened(self, workload: Workload) -> Iterator[str]:
        for process in workload.processes[:MOST_PROCESSES]:
            for is_block, number in set(_device_numbers(process.pid)):
                if (is_block, number) not in self._of_number:
                    self._of_number[is_block, number] = self._find(is_block, number)
                if found := self._of_number[is_block, number]:
                    yield found

    def _find(self, is_block: bool, number: int) -> str | None:
        """The last of our devices on the way that sysfs leads to this number (admin-guide/devices.rst)."""
        major, minor = os.major(number), os.minor(number)
        if major == NVIDIA_MAJOR and not is_block:
            return self._of_pci.get(_nvidia(minor))
        link = DEVICE_NUMBERS / ("block" if is_block else "char") / f"{major}:{minor}"
        addresses: Iterable[str] = reversed(_PCI.findall(os.path.realpath(link)))
        return next((self._of_pci[pci] for pci in addresses if pci in self._of_pci), None)


def _computing_first(device: Device) -> tuple[bool, str]:
    return not device.id.startswith(("gpu", "accel")), device.id


def _device_numbers(pid: int) -> Iterator[tuple[bool, int]]:
    """Of each device file that a process has open: whether a block device, and its number."""
    directory = f"/proc/{pid}/fd"
    # It, or one of its files, may be gone by now; or be another user's, where we are not root.
    with suppress(OSError), os.scandir(directory) as files:
        for file in islice(files, MOST_FILES):
            with suppress(OSError):
                # Without Path: there are many.
                if os.readlink(file.path).startswith("/dev/") and _answers_at_once(pid, file.name):  # noqa: PTH115
                    found = os.stat(file.path)  # noqa: PTH116
                    if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
                        yield stat.S_ISBLK(found.st_mode), found.st_rdev


def _answers_at_once(pid: int, descriptor: str) -> bool:
    """Whether a file lies where device files do, in memory: to ask about one of FUSE's, or on a network, may
    wait for a server that says nothing (proc_pid_fdinfo(5), proc_pid_mountinfo(5))."""
    told = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text(encoding="ascii", errors="replace")
    mount = told.partition("mnt_id:")[2].split()[0]
    for line in Path(f"/proc/{pid}/mountinfo").read_bytes().splitlines():
        if line.startswith(f"{mount} ".encode()):
            return line.partition(b" - ")[2].split()[0] in _OF_DEVICES
    return False


def _nvidia(minor: int) -> str:
    """The PCI address of the card with this number; empty if there is none."""
    for card in NVIDIA.glob("*/information"):
        with suppress(OSError):
            found = _MINOR.search(card.read_text(encoding="ascii", errors="replace"))
            if found and int(found[1]) == minor:
                return card.parent.name
    return ""
