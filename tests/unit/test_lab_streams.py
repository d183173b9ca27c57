"""A person's keys: here until the guest runs, then the guest's, all but one."""

import os
import pty
import socket
import termios
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO

import pytest

from llamas_bpf.lab import streams


@dataclass
class Stage:
    """A terminal with a person at one end, a guest's terminal, and the guest's output."""

    person: int
    keys: int
    guest: socket.socket
    ours: socket.socket
    output: tuple[int, int]
    looks: int = 0
    raw: list[bool] = field(default_factory=list)

    def play(self, script: Mapping[int, Callable[[], object]], runs_from: int) -> None:
        """At each look the script may do something; CMD runs from one of them on."""

        def look() -> bool:
            self.looks += 1
            self.raw.append(not termios.tcgetattr(self.keys)[3] & termios.ICANON)
            script.get(self.looks, lambda: None)()
            return self.looks >= runs_from

        here = streams.Terminal(self.keys, self.keys, lambda: tty.setraw(self.keys, termios.TCSADRAIN))
        streams.copy({self.output[0]: BytesIO()}, look, streams.Line(self.ours, here))

    def end(self) -> None:
        with suppress(OSError):
            os.close(self.output[1])


@pytest.fixture
def stage() -> Iterator[Stage]:
    person, keys = pty.openpty()
    guest, ours = socket.socketpair()
    made = Stage(person, keys, guest, ours, os.pipe())
    yield made
    made.end()
    for end in (person, keys, made.output[0]):
        os.close(end)
    guest.close()
    ours.close()


def test_keys_are_the_guests_only_once_it_runs(stage: Stage) -> None:
    stage.guest.setblocking(False)
    seen: list[bytes] = []

    def hear() -> None:
        with suppress(BlockingIOError):
            seen.append(stage.guest.recv(100))

    script = {
        1: lambda: os.write(stage.person, b"early\n"),
        4: hear,
        8: lambda: os.write(stage.person, b"\x03"),
        12: hear,
        13: stage.end,
    }
    stage.play(script, runs_from=5)
    assert b"".join(seen) == b"early\n\x03", "what was typed before is not lost, and Ctrl-C is the guest's"
    assert len(seen) == 1, "and reached it only when it ran"
    assert stage.raw[:5] == [False] * 5
    assert stage.raw[5]


def test_one_key_is_ours(stage: Stage) -> None:
    with pytest.raises(KeyboardInterrupt):
        stage.play({2: lambda: os.write(stage.person, b"\x1d"), 30: stage.end}, runs_from=1)
    assert stage.looks < 30
