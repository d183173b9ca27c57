"""Runs a command as a workload: ``llamas-bpf exec``."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NoReturn

from llamas_bpf import process_stat
from llamas_bpf.act import mempolicy, registration
from llamas_bpf.act.home import Home
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.profile import Trait
from llamas_bpf.contracts.workload import Launched, ProcessId
from llamas_bpf.errors import LlamasError
from llamas_bpf.shown import plain

OWN_FAILURE, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127

_WATCHED = {
    signal.SIGCHLD,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
}
#: si_code of a signal that the kernel itself sent, as the terminal's Ctrl-C (sigaction(2)).
_SI_KERNEL = 0x80

Say = Callable[[str], None]


def launch(
    name: str,
    argv: Sequence[str],
    machine: Machine,
    mems: str | None,
    say: Say,
    does: tuple[Trait, ...] = (),
) -> int:
    """Run ``argv`` as workload ``name`` to its end; gives its status, 128 + n when signal n ended it.

    126 and 127 mean that it could not be executed, or not be found. Raises LlamasError for our own failures.
    Where cgroup v2 has neither cpu nor memory controller, the workload is a process tree.
    """
    policy = mempolicy.of(mems, machine)
    with ExitStack() as stack:
        path = registration.path_of(name)
        home = _home(machine, name)
        if home:
            home.make(say)
            stack.callback(home.remove, say)
        watched = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, watched)
        child = _Child(argv, home, policy, watched)
        stack.callback(child.end)
        child.wait_ready()
        registration.register(path, _entry(name, machine, child.pid, home, does))
        stack.callback(path.unlink, missing_ok=True)
        child.go()
        return child.wait()


def _home(machine: Machine, name: str) -> Home | None:
    return Home(machine, name) if {"cpu", "memory"} & set(machine.cgroup_controllers) else None


def _entry(name: str, machine: Machine, pid: int, home: Home | None, does: tuple[Trait, ...]) -> Launched:
    stat = process_stat.read(pid)
    assert stat is not None  # it waits for us
    return Launched(
        name=name,
        boot_id=machine.boot_id,
        root=ProcessId(pid, stat.start_ticks),
        cgroup=home.cgroup if home else None,
        cgroup_id=home.id if home else None,
        does=does,
    )


class _Child:
    """The command's process: enters its cgroup, takes its policy, waits to be registered, executes."""

    def __init__(
        self,
        argv: Sequence[str],
        home: Home | None,
        policy: mempolicy.Policy | None,
        mask: set[signal.Signals] | set[int],
    ) -> None:
        self._argv, self._home, self._policy, self._mask = argv, home, policy, mask
        self._status: int | None = None
        from_child, said = os.pipe()
        awaited, to_child = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(from_child)
            os.close(to_child)
            self._become(said, awaited)
        os.close(said)
        os.close(awaited)
        self._from_child, self._to_child = from_child, to_child

    def wait_ready(self) -> None:
        """Until it is in its cgroup; LlamasError with what stopped it."""
        said = os.read(self._from_child, 4096).decode()
        if said != "ready":
            raise LlamasError(said or "the command's process ended before it began")

    def go(self) -> None:
        """Let it execute the command."""
        os.write(self._to_child, b"g")

    def wait(self) -> int:
        """Until it ends, handing on the signals that somebody sends to us alone."""
        while self._status is None:
            info = signal.sigwaitinfo(_WATCHED)
            if info.si_signo == signal.SIGCHLD:
                self._reap(os.WNOHANG)
            elif info.si_code != _SI_KERNEL:  # the terminal has sent it to the command as well
                os.kill(self.pid, info.si_signo)
        return self._status

    def end(self) -> None:
        """Close up; a child that still waits sees that, and ends."""
        os.close(self._to_child)
        self._reap(0)
        os.close(self._from_child)

    def _reap(self, options: int) -> None:
        if self._status is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self._status = code if code >= 0 else 128 - code

    def _become(self, said: int, awaited: int) -> NoReturn:
        """In the child: nothing may return from here into the parent's code."""
        try:
            self._prepare()
            os.write(said, b"ready")
            if os.read(awaited, 1):
                os._exit(_execute(self._argv, self._mask))
        except (LlamasError, OSError) as error:
            os.write(said, str(error).encode())
        finally:
            os._exit(OWN_FAILURE)

    def _prepare(self) -> None:
        if self._home:
            self._home.enter()
        if self._policy:
            mempolicy.adopt(self._policy)


def _execute(argv: Sequence[str], mask: set[signal.Signals] | set[int]) -> int:
    """Becomes the command, or gives the status that says why not."""
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and execve(2) would keep that
        signal.signal(ignored, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606
    except FileNotFoundError:
        sys.stderr.write(f"llamas-bpf exec: {plain(argv[0])}: command not found\n")
        return NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"llamas-bpf exec: {plain(argv[0])}: {error.strerror}\n")
        return NOT_EXECUTABLE
