"""Where systemd keeps what was set until the next boot (systemctl(1), ``set-property --runtime``).

One that was not there before ours is removed after it: else it would shadow later changes to the unit's own
file, even if it says that nothing is set. systemd is not asked to reload: it has the same in memory, and
would take up with it what an administrator has not finished. (While the unit runs it advises a reload.)
"""

import os
import stat
from pathlib import Path

from llamas_bpf.act.unit_properties import drop_ins_of
from llamas_bpf.contracts.action import CgroupKnobName

#: Of units that have a file of their own; those of transient units go with them.
_PLACE = Path("/run/systemd/system.control")


def absent(unit: str, knob: CgroupKnobName) -> bool:
    """Whether none keeps this knob's properties."""
    return not any(os.path.lexists(_PLACE / f"{unit}.d" / name) for name in drop_ins_of(knob))


def remove(unit: str, knob: CgroupKnobName) -> None:
    """Only plain files of root's, through no symbolic link. OSError if one cannot be removed."""
    try:
        directory = os.open(_PLACE / f"{unit}.d", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        for name in drop_ins_of(knob):
            _remove(name, directory)
    finally:
        os.close(directory)


def _remove(name: str, directory: int) -> None:
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISREG(status.st_mode) and status.st_uid == 0:
        os.unlink(name, dir_fd=directory)
