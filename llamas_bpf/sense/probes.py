"""Opens the probe of each kind of event, and says in a sentence why one cannot be opened."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from llamas_bpf.native.probe import Probe, ProbeError, load_binding, object_hooks, object_layout
from llamas_bpf.sense.errors import HookRefusedError, NoBtfError, NoPrivilegeError, ObjectError, SenseError
from llamas_bpf.sense.layout import LayoutError, read_header

OBJECTS = Path(__file__).resolve().parents[1] / "bpf"
BTF = Path("/sys/kernel/btf/vmlinux")
# Which struct of events.h the ring of each kind carries. A kind is the name of its BPF object.
RECORDS = {"faults": "fault_event", "sched": "sched_event"}

_CAP_SYS_ADMIN, _CAP_PERFMON, _CAP_BPF = 21, 38, 39
# The inode number of the initial PID namespace (PROC_PID_INIT_INO in include/linux/proc_ns.h).
_INITIAL_PID_NAMESPACE = 0xEFFFFFFC


@dataclass(frozen=True)
class Capability:
    """Whether one kind of event can be had on this kernel, by which hooks, and if not, why."""

    kind: str
    hooks: tuple[str, ...]
    usable: bool
    reason: str | None


def capabilities(objects: Path = OBJECTS) -> list[Capability]:
    """Opens each probe for a moment and tells what happened. Raises nothing."""
    return [_try_kind(kind, objects) for kind in RECORDS]


def record_dtypes(objects: Path = OBJECTS) -> dict[str, np.dtype]:
    """The dtype of each kind's records. Raises ``ObjectError``."""
    header = objects / "events.h"
    try:
        structs = read_header(header)
        return {kind: structs[struct] for kind, struct in RECORDS.items()}
    except (OSError, LayoutError, KeyError) as error:
        raise ObjectError(
            f"cannot use the event layouts in {header} ({error}): run `make setup`", "bpf objects"
        ) from None


def open_probe(kind: str, *, own_tgid: int, ring_bytes: int, objects: Path = OBJECTS) -> Probe:
    """Loads and attaches the object of ``kind``. Raises a ``SenseError`` that says what is missing."""
    path = objects / f"{kind}.bpf.o"
    require_binding()
    check_layout(path, RECORDS[kind], record_dtypes(objects)[kind])
    require_privilege()
    require_btf()
    try:
        return Probe(path, own_tgid=own_tgid, ring_bytes=ring_bytes)
    except ProbeError as error:
        raise HookRefusedError(_refusal(kind, error), kind) from error


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


def _try_kind(kind: str, objects: Path) -> Capability:
    hooks: tuple[str, ...] = ()
    try:
        hooks = _hooks(objects / f"{kind}.bpf.o")
        open_probe(kind, own_tgid=os.getpid(), ring_bytes=os.sysconf("SC_PAGE_SIZE"), objects=objects).close()
    except SenseError as error:
        return Capability(kind, hooks, False, str(error))
    return Capability(kind, hooks, True, None)


def _hooks(path: Path) -> tuple[str, ...]:
    require_binding()
    try:
        return tuple(object_hooks(path))
    except ProbeError:
        return ()  # open_probe says why


def _refusal(kind: str, error: ProbeError) -> str:
    advice = {
        errno.EPERM: "the kernel forbids it: is it locked down, or is a security module in the way?",
        errno.ESRCH: "this kernel has no such tracepoint",
        errno.ENOENT: "this kernel has no such tracepoint",
        errno.ENOMEM: "the kernel has no memory for its ring: configure a smaller one",
    }.get(error.number, "libbpf says: " + " ".join(error.log.split())[-600:])
    return f"cannot watch {kind}: {error}: {advice}"


def _effective_capabilities() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return int(line.split()[1], 16)
