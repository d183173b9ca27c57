"""``llamas-bpf run`` as a process of its own, read line by line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

LLAMAS = [sys.executable, "-m", "llamas_bpf.cli"]
#: No model of the machine's own gets into a test.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
Window = dict[str, Any]


class Process(Protocol):
    """As much of ``subprocess.Popen`` as is used."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[Any] | None: ...
    @property
    def stderr(self) -> IO[Any] | None: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def kill(self) -> None: ...
    def send_signal(self, number: int, /) -> None: ...
    def communicate(self, *, timeout: float = ...) -> tuple[Any, Any]: ...


def quick(directory: Path, more: str = "") -> tuple[str, str]:
    """Options: windows of a quarter of a second, for tests to which their length does not matter."""
    config = directory / "quick.toml"
    config.write_text(f"window_s = 0.25\n{more}")
    return "--config", str(config)


class Running:
    """A controller with ``--json``; ``talk`` is what it said on stderr, once it has ended."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.windows: list[Window] = []
        self.talk = ""

    def until(self, reached: Callable[[Window], bool], most: int = 10_000) -> Window:
        """The first window for which this is so, among the next ``most``, and within two minutes."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + 120
        for _ in range(most):
            if time.monotonic() > deadline:
                break
            line = self.process.stdout.readline()
            assert line, f"the controller ended: {self.process.communicate()[1]}"
            self.windows.append(json.loads(line))
            if reached(self.windows[-1]):
                return self.windows[-1]
        raise AssertionError(f"not reached; the last window: {self.windows[-1]}")

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does; its exit status."""
        self.process.send_signal(number)
        self.talk = self.process.communicate(timeout=120)[1]
        return self.process.wait()


@contextmanager
def running(
    *options: str, env: dict[str, str] | None = None, within: Sequence[str] = ()
) -> Iterator[Running]:
    """Ends by force what a failed test leaves running. ``within`` is a command that executes another."""
    with subprocess.Popen(
        [*within, *LLAMAS, "run", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | (env or {}),
    ) as process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def workload(name: str, *program: str) -> Iterator[subprocess.Popen[str]]:
    """Something started with ``exec``, ended with it."""
    command = [*LLAMAS, "exec", "--name", name, "--", *program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def explain(state: Path, number: int) -> dict[str, Any]:
    """What is kept of one decision."""
    command = [*LLAMAS, "explain", str(number), "--state", str(state), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
