"""The same events through BCC, for kernels without type information: compiled here, read by our shim."""

import atexit
import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from types import ModuleType
from typing import Any

from llamas_bpf.native.probe import Maps, Probe, ProbeError, Programs
from llamas_bpf.sense.bcc_programs import PROGRAMS, SOFTWARE, Program, kernel_tree, macros, text
from llamas_bpf.sense.errors import HookRefusedError, NoPrivilegeError, NoTracefsError, ObjectError
from llamas_bpf.sense.kinds import Kind, Source
from llamas_bpf.sense.probes import OBJECTS, Target, require_binding, require_privilege
from llamas_bpf.sense.watch import Budget, Opener

_TRACEFS = (Path("/sys/kernel/debug/tracing"), Path("/sys/kernel/tracing"))
_LOG_BYTES = 600


class Attached:
    """One program, loaded by BCC; what a probe owns."""

    def __init__(self, bpf: Any, program: Program) -> None:
        self._bpf, self._program = bpf, program
        self.hooks, self.lacks = program.hooks, program.lacks

    def load(self, types: Any) -> Programs:
        """Hands every function to the verifier; gives those that the shim wants to know."""
        program = self._program
        loaded = {name: self._bpf.load_func(name, types.TRACEPOINT) for name in program.tracepoints.values()}
        for name in program.software.values():
            self._bpf.load_func(name, types.PERF_EVENT)
        end = program.window_end
        return Programs(
            self._bpf.load_func(end, types.RAW_TRACEPOINT).fd if end else -1,
            tuple(loaded[name].fd for name in program.recording),
        )

    def maps(self) -> Maps:
        """Descriptors of those that the shim reads."""
        names = ["ring", "ring_counts", "sampling"]
        names += ["counts", "stays"] if self._program.window_end else []
        return Maps(**{name: self._bpf[name].map_fd for name in names})

    def attach(self) -> None:
        """From now on it runs."""
        for tracepoint, name in self._program.tracepoints.items():
            self._bpf.attach_tracepoint(tp=tracepoint, fn_name=name)
        for event, name in self._program.software.items():
            self._bpf.attach_perf_event(ev_type=SOFTWARE, ev_config=event, fn_name=name, sample_period=1)

    def detach(self) -> None:
        """Its maps stay readable."""
        for tracepoint in list(self._bpf.tracepoint_fds):
            self._bpf.detach_tracepoint(tp=tracepoint)
        for kind, event in list(self._bpf.open_perf_events):
            self._bpf.detach_perf_event(kind, event)

    def close(self) -> None:
        """Detaches and frees; BCC would otherwise keep it until the process ends."""
        atexit.unregister(self._bpf.cleanup)
        self._bpf.cleanup()


def bcc_opener(bcc: ModuleType, objects: Path = OBJECTS) -> Opener:
    """What opens probes through this module; like ``open_probe`` it raises a named ``SenseError``."""

    def open_through_bcc(kind: Kind, source: Source, target: Target, budget: Budget) -> Probe:
        require_binding()
        require_privilege()
        program = PROGRAMS.get(source.object)
        if program is None:
            raise _refused(kind, f"only libbpf's {source.object} tells it")
        require_tracepoints(kind, program)
        return _open(bcc, kind, program, macros(target, budget.ring_bytes), budget.period or 1, objects)

    return open_through_bcc


def require_tracepoints(kind: Kind, program: Program) -> None:
    """Raises ``NoTracefsError``, or ``HookRefusedError`` for a tracepoint that this kernel does not have."""
    events = require_tracefs() / "events"
    for tracepoint in program.tracepoints:
        if not (events / tracepoint.replace(":", "/")).is_dir():
            raise _refused(kind, f"this kernel has no tracepoint {tracepoint}")


def require_tracefs() -> Path:
    """Where tracepoints are described and numbered. Raises ``NoTracefsError``."""
    for place in _TRACEFS:
        try:
            if (place / "events").is_dir():
                return place
        except PermissionError:
            raise NoPrivilegeError(
                "BCC needs tracefs, which is root's: run it with sudo", "tracefs"
            ) from None
    raise NoTracefsError(
        f"BCC needs tracefs and it is not mounted: mount -t tracefs tracefs {_TRACEFS[-1]}", "tracefs"
    )


def _open(
    bcc: ModuleType, kind: Kind, program: Program, flags: list[str], period: int, objects: Path
) -> Probe:
    try:
        source = text(program, objects)
    except OSError as error:
        raise ObjectError(
            f"the programs for BCC are missing ({error}): run `make setup`", "bpf objects"
        ) from None
    with TemporaryFile() as said:
        try:
            with _stderr_to(said), _environment("BCC_KERNEL_SOURCE", str(kernel_tree(objects))):
                owner = Attached(bcc.BPF(text=source, cflags=flags), program)
                return _attached(owner, bcc.BPF, period)
        except ProbeError as error:
            why = str(error)
        except Exception as error:  # BCC raises nothing more particular
            why = str(error)
        said.seek(0)
        words = _reason(said.read().decode(errors="replace"))
    raise _refused(kind, f"{why}: bcc says: {words}")


def _attached(owner: Attached, types: Any, period: int) -> Probe:
    try:
        programs = owner.load(types)
        probe = Probe.adopt(owner.maps(), owner, programs)
    except BaseException:
        owner.close()
        raise
    try:
        probe.sample(period)
        owner.attach()
        # What runs now has begun before we watched: from here on it is known.
        probe.end_window()
    except BaseException:
        probe.close()
        raise
    return probe


def _refused(kind: Kind, why: str) -> HookRefusedError:
    return HookRefusedError(f"{kind.gives}: not available through bcc: {why}", kind.gives)


def _reason(said: str) -> str:
    """clang's errors, or else the end: that is where the verifier gives its reason."""
    lines = said.splitlines()
    errors = [line for line in lines if "error:" in line]
    return " ".join(" ".join(errors or lines).split())[-_LOG_BYTES:]


@contextmanager
def _stderr_to(file: Any) -> Iterator[None]:
    """clang and the verifier write there, whatever the caller wants."""
    with contextlib.suppress(AttributeError, ValueError):
        sys.stderr.flush()
    kept = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """BCC takes the tree of headers from here only."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
