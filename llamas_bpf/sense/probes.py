"""Opens a BPF object as a probe, and says in a sentence why it cannot be opened."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from llamas_bpf.native.probe import Options, Probe, ProbeError, load_binding, object_hooks, object_layout
from llamas_bpf.sense.errors import HookRefusedError, NoBtfError, NoPrivilegeError, ObjectError
from llamas_bpf.sense.kinds import Kind, Source
from llamas_bpf.sense.layout import LayoutError, read_header

OBJECTS = Path(__file__).resolve().parents[1] / "bpf"
BTF = Path("/sys/kernel/btf/vmlinux")

_CAP_SYS_ADMIN, _CAP_PERFMON, _CAP_BPF = 21, 38, 39
# The inode number of the initial PID namespace (PROC_PID_INIT_INO in include/linux/proc_ns.h).
_INITIAL_PID_NAMESPACE = 0xEFFFFFFC


@dataclass(frozen=True)
class Target:
    """Whose events are watched, and how workloads are told apart: ``by_cgroup``, else by process.

    ``node_of_cpu`` is the NUMA node of each CPU, shape (cpus,). The kernel keeps counts of no more than
    ``most_workloads`` at a time; what has no room is counted as nobody's. With ``own_children``, what
    ``own_tgid`` has started is not watched either; bcc cannot tell, and watches it.
    """

    own_tgid: int
    by_cgroup: bool
    node_of_cpu: np.ndarray
    most_workloads: int = 65536
    own_children: bool = False


@dataclass(frozen=True)
class Layouts:
    """The dtypes of ``events.h``, by struct."""

    structs: Mapping[str, np.dtype]

    @classmethod
    def read(cls, objects: Path = OBJECTS) -> "Layouts":
        """Raises ``ObjectError``."""
        header = objects / "events.h"
        try:
            return cls(read_header(header))
        except (OSError, LayoutError) as error:
            raise ObjectError(
                f"cannot use the event layouts in {header} ({error}): run `make setup`", "bpf objects"
            ) from None

    def of(self, struct: str) -> np.dtype:
        """One of them. Raises ``ObjectError``."""
        if struct not in self.structs:
            raise ObjectError(f"events.h has no {struct}: run `make setup`", "bpf objects")
        return self.structs[struct]


def open_probe(
    kind: Kind, source: Source, target: Target, *, ring_bytes: int, objects: Path = OBJECTS
) -> Probe:
    """Loads and attaches one object. Raises a ``SenseError`` that says what is missing."""
    path = objects / f"{source.object}.bpf.o"
    require_binding()
    layouts = Layouts.read(objects)
    for struct in structs(kind, source):
        check_layout(path, struct, layouts.of(struct))
    require_privilege()
    require_btf()
    try:
        options = Options(
            target.own_tgid,
            target.by_cgroup,
            target.node_of_cpu,
            ring_bytes,
            target.most_workloads,
            target.own_children,
        )
        return Probe.open(path, options)
    except ProbeError as error:
        raise HookRefusedError(_refusal(kind, source, error), kind.gives) from error


def structs(kind: Kind, source: Source) -> list[str]:
    """What of ``events.h`` the object was compiled with."""
    return [kind.record] * bool(kind.record) + [f"{source.object}_count"] * kind.counts


def hooks(source: Source, objects: Path = OBJECTS) -> tuple[str, ...]:
    """Where an object attaches, such as ``tp_btf/sched_switch``; empty where it cannot be read."""
    require_binding()
    try:
        return tuple(object_hooks(objects / f"{source.object}.bpf.o"))
    except ProbeError:
        return ()  # open_probe says why


def check_layout(path: Path, struct: str, dtype: np.dtype) -> None:
    """Raises ``ObjectError`` unless the object's BTF has ``struct`` laid out as ``dtype``."""
    if not path.is_file():
        raise ObjectError(f"the BPF object {path} is missing: run `make setup`", "bpf objects")
    try:
        built = object_layout(path, struct)
    except ProbeError as error:
        raise ObjectError(
            f"the BPF object {path} cannot be read ({error}): run `make setup`", "bpf objects"
        ) from None
    if built != _members(dtype):
        raise ObjectError(
            f"this BPF object was built from other sources: {path.name} has another {struct} than events.h: "
            "run `make setup`",
            "bpf objects",
        )


def require_binding() -> None:
    """Raises ``ObjectError`` unless the compiled shim and its libbpf can be loaded."""
    try:
        load_binding()
    except ImportError as error:
        fix = "run `make setup`, or: apt-get install libbpf1"
        raise ObjectError(f"the compiled binding cannot be loaded ({error}): {fix}", "binding") from None


def require_privilege() -> None:
    """Raises ``NoPrivilegeError`` unless this process may load tracing programs."""
    held = _effective_capabilities()
    if not (held >> _CAP_SYS_ADMIN & 1 or (held >> _CAP_BPF & 1 and held >> _CAP_PERFMON & 1)):
        raise NoPrivilegeError(
            "watching the kernel needs root, or CAP_BPF with CAP_PERFMON: run it with sudo", "CAP_BPF"
        )
    if Path("/proc/self/ns/pid").stat().st_ino != _INITIAL_PID_NAMESPACE:
        raise NoPrivilegeError(
            "inside a PID namespace the kernel's process ids mean nothing: run on the host, "
            "or give the container the host's (--pid=host)",
            "initial PID namespace",
        )


def require_btf() -> None:
    """Raises ``NoBtfError`` where the kernel does not describe its own types."""
    if not BTF.exists():
        raise NoBtfError(
            f"{BTF} is missing: boot a kernel built with CONFIG_DEBUG_INFO_BTF, as distributions' are", "BTF"
        )


def _members(dtype: np.dtype) -> list[tuple[str, int, int]]:
    fields: Mapping[str, Any] = dtype.fields or {}
    return [(name, offset, member.itemsize) for name, (member, offset, *_) in fields.items()]


def _refusal(kind: Kind, source: Source, error: ProbeError) -> str:
    advice = {
        errno.EPERM: "the kernel forbids it: is it locked down, or is a security module in the way?",
        errno.ESRCH: "this kernel has no such tracepoint or function",
        errno.ENOENT: "this kernel has no such tracepoint or function",
        errno.ENOMEM: "the kernel has no memory for its ring: configure a smaller one",
    }.get(error.number, "libbpf says: " + " ".join(error.log.split())[-600:])
    return f"{kind.gives}: not available: {source.object}: {error}: {advice}"


def _effective_capabilities() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return int(line.split()[1], 16)
