"""The cgroup that ``exec`` makes for a workload: ``/llamas-bpf/NAME``, the only place where we create any."""

from collections.abc import Callable
from pathlib import Path

from llamas_bpf.act.possible import POSSIBLE, possible
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.errors import LlamasError

ROOT = "llamas-bpf"
CONTROLLERS = ("cpu", "memory", "cpuset")

Say = Callable[[str], None]


class Home:
    """``directory`` and ``cgroup`` (the same, from the mount on) of one workload's cgroup."""

    def __init__(self, machine: Machine, name: str) -> None:
        assert machine.cgroup_mount is not None
        self.cgroup = f"/{ROOT}/{name}"
        self._mount = Path(machine.cgroup_mount)
        self._usable = machine.cgroup_controllers
        self.directory = self._mount / ROOT / name

    def make(self, say: Say) -> None:
        """Fresh, with every knob at its default. LlamasError if it is in use, or cannot be made."""
        try:
            self.directory.parent.mkdir(mode=0o755, exist_ok=True)
            for parent in (self._mount, self.directory.parent):
                self._enable(parent, say)
            self._remove_leftover()
            self.directory.mkdir(mode=0o755)
            self._fill_cpuset()
        except OSError as error:
            raise LlamasError(f"{self.directory}: cannot be made: {error.strerror}") from error

    @property
    def id(self) -> int:
        """The cgroup's id: the inode number of its directory (kernfs)."""
        return self.directory.stat().st_ino

    def enter(self) -> None:
        """Moves the calling process in, before it becomes the workload's program."""
        (self.directory / "cgroup.procs").write_text("0\n", encoding="ascii")

    def remove(self, say: Say) -> None:
        """Take it away, and ours above it when it is the last; what still runs in it is left."""
        try:
            self.directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            say(f"the cgroup {self.cgroup} stays: processes that the command started still run in it")
            return
        try:
            self.directory.parent.rmdir()
        except OSError:
            return  # other workloads live there

    def _enable(self, parent: Path, say: Say) -> None:
        """One controller at a time: one that is refused must not keep the others off (cgroup-v2.rst).

        Never taken back: once it is there, others may have come to rely on it for their own cgroups.
        """
        control = parent / "cgroup.subtree_control"
        missing = set(CONTROLLERS) & set(self._usable) - set(control.read_text(encoding="ascii").split())
        enabled = []
        for controller in sorted(missing):
            try:
                control.write_text(f"+{controller}", encoding="ascii")
                enabled.append(controller)
            except OSError as error:
                say(f"{parent} cannot have the {controller} controller enabled: {error.strerror}")
        if enabled and parent == self._mount:  # the one below is ours
            say(f"enabled in {control}, where it stays: {', '.join(enabled)}")

    def _fill_cpuset(self) -> None:
        """Not empty from the start: empty is what it could never become again while processes are in it
        (kernel/cgroup/cpuset.c, validate_change), and so could not be given back."""
        for name in POSSIBLE:
            if (self.directory / name).exists():
                (self.directory / name).write_text(possible(name), encoding="ascii")

    def _remove_leftover(self) -> None:
        """One that an earlier run could not remove, empty by now."""
        try:
            self.directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            raise LlamasError(
                f"the cgroup {self.cgroup} is in use: choose another --name, or end what is listed in"
                f" {self.directory}/cgroup.procs"
            ) from None
