"""``llamas-bpf exec`` by a process that has imported it: an emulated processor takes seconds for that.

All that comes after is the command's own. How it starts from nothing: test_act_exec.py.
"""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import BinaryIO

#: Forks for each message: a command's words, with its standard files and where to tell its exit status.
_FORKS = """
import json, os, socket, sys, traceback
from contextlib import suppress
import llamas_bpf.act.launch, llamas_bpf.cli.exec, llamas_bpf.machine
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
        sys.argv[1:] = json.loads(message)
        status = 1
        try:
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


@cache
def _control() -> socket.socket:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-c", _FORKS, str(theirs.fileno())]
    forks = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        forks.wait()

    atexit.register(end)
    return ours


class Started:
    """The command, as with ``subprocess.Popen``."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, status: int) -> None:
        self.stdin, self.stdout = stdin, stdout
        self._status = status
        self._ended: bytes | None = None

    def wait(self, seconds: float = 120) -> int:
        """Its exit status; -1 where it told none, being killed."""
        if self._ended is None:
            assert select.select([self._status], [], [], seconds)[0], f"not ended after {seconds} s"
            self._ended = os.read(self._status, 1)
        return self._ended[0] if self._ended else -1

    def end(self) -> None:
        """Close its input and see it end well."""
        self.stdin.close()
        assert self.wait() == 0


@contextmanager
def started(*words: str) -> Iterator[Started]:
    """``exec`` with these words. Its input is closed, and its end awaited, when the block is left."""
    (read_in, write_in), (read_out, write_out), (read_status, write_status) = os.pipe(), os.pipe(), os.pipe()
    theirs = [read_in, write_out, 2, write_status]
    socket.send_fds(_control(), [json.dumps(["exec", *words]).encode()], theirs)
    for file in (read_in, write_out, write_status):
        os.close(file)
    with os.fdopen(read_status), os.fdopen(read_out, "rb") as stdout, os.fdopen(write_in, "wb") as stdin:
        process = Started(stdin, stdout, read_status)
        try:
            yield process
        finally:
            with suppress(BrokenPipeError):
                stdin.close()
            process.wait()
