"""``llamas-bpf`` by a process that has imported all of it: an emulated processor takes seconds for that.

All that comes after is the command's own. How it starts from nothing: test_act_exec.py, test_demo.py.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from controller import Running

#: Forks for each message: a command's words, with its standard files, and where to tell its pid and status.
_FORKS = """
import importlib, json, os, socket, sys, traceback
from contextlib import suppress
for name in sys.argv[2:]:
    importlib.import_module(name)
from llamas_bpf.cli import main

control = socket.socket(fileno=int(sys.argv[1]))
while True:
    message, files, _, _ = socket.recv_fds(control, 1 << 16, 4)
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    if not message:
        break
    if os.fork() == 0:
        control.close()
        os.set_inheritable(files[3], False)
        for number, file in enumerate(files[:3]):
            os.dup2(file, number)
            os.close(file)
        os.write(files[3], os.getpid().to_bytes(4))
        before, *words = json.loads(message)
        sys.argv = ["llamas-bpf", *words]
        status = 1
        try:
            exec(before)
            main()
        except SystemExit as end:
            status = end.code
        except BaseException:
            traceback.print_exc()
        finally:
            os.write(files[3], bytes([status]))
            os._exit(status)
    for file in files:
        os.close(file)
"""
#: What the commands import, much of it only when they come to it.
_IMPORTED = [
    *(f"llamas_bpf.cli.{name}" for name in ("_group", "_screen", "exec", "explain", "rollback", "run")),
    *("llamas_bpf.act.launch", "llamas_bpf.act.actuation", "llamas_bpf.advise.terms", "llamas_bpf.machine"),
    *("llamas_bpf.controller.session", "pyroute2.netlink.generic"),
]


#: How long others wait for a processor tells what else its host does, where it is emulated: no harm of ours.
_NO_OPINION = """
from llamas_bpf.learn import readings, verdict
kept = [name for name in readings.SAFETY if "cpu" not in name and "runqueue" not in name]
readings.SAFETY = verdict.SAFETY = tuple(kept)
"""


@cache
def _control() -> socket.socket:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-c", _FORKS, str(theirs.fileno()), *_IMPORTED]
    forks = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        forks.wait()

    atexit.register(end)
    return ours


class Started:
    """The command, as with ``subprocess.Popen``, as far as it is used."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes] | None, told: int) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self._told = told
        self.pid = int.from_bytes(os.read(told, 4))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status; -1 where it told none, being killed; None while it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            ended = os.read(self._told, 1)
            self.returncode = ended[0] if ended else -1
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        if self.returncode is None:
            assert select.select([self._told], [], [], timeout)[0], f"not ended after {timeout} s"
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = 120) -> tuple[str, str]:
        """The rest of what it says."""
        said, errors = self.stdout.read().decode(), ""
        self.wait(timeout)
        if self.stderr:
            self.stderr.seek(0)
            errors = self.stderr.read().decode()
        return said, errors

    def end(self) -> None:
        """Close its input and see it end well."""
        self.stdin.close()
        assert self.wait() == 0


@contextmanager
def started(*words: str, stderr: IO[bytes] | None = None, before: str = "") -> Iterator[Started]:
    """``llamas-bpf`` with these words. Its input is closed, and its end awaited, when the block is left.

    What it says on standard error goes to the file, or to where ours goes. ``before`` is Python that it runs.
    """
    (read_in, write_in), (read_out, write_out), (told, tells) = os.pipe(), os.pipe(), os.pipe()
    theirs = [read_in, write_out, stderr.fileno() if stderr else 2, tells]
    socket.send_fds(_control(), [json.dumps([before, *words]).encode()], theirs)
    for file in (read_in, write_out, tells):
        os.close(file)
    with os.fdopen(told), os.fdopen(read_out, "rb") as stdout, os.fdopen(write_in, "wb") as stdin:
        process = Started(stdin, stdout, stderr, told)
        try:
            yield process
        finally:
            with suppress(BrokenPipeError):
                stdin.close()
            process.wait()


def ran(*words: str) -> "subprocess.CompletedProcess[str]":
    """The same to its end, as with ``subprocess.run``."""
    with TemporaryFile() as stderr, started(*words, stderr=stderr) as process:
        said, errors = process.communicate()
        return subprocess.CompletedProcess(words, process.wait(), said, errors)


def explain(state: Path, number: int) -> dict[str, Any]:
    """What is kept of one decision."""
    told = ran("explain", str(number), "--state", str(state), "--json")
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@contextmanager
def running(*options: str) -> Iterator[Running]:
    """A controller. Ends by force what a failed test leaves running."""
    words = ("run", "--json", *options)
    with TemporaryFile() as stderr, started(*words, stderr=stderr, before=_NO_OPINION) as process:
        try:
            yield Running(process)
        finally:
            process.kill()
