"""What flows between a running guest and us: its output, its terminal, and the time that it has left."""

import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_RUNNING = b"lab: running"  # what the guest's init says on the console when it starts CMD
_ESCAPE = b"\x1d"  # Ctrl-], as in telnet(1) and `virsh console`
_POLL_S = 0.1
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class Terminal:
    """File descriptors of the person who types, and what is to happen when the keys become the guest's."""

    keys: int
    screen: int
    take_over: Callable[[], None]


@dataclass(frozen=True)
class Line:
    """The guest's terminal and ours."""

    guest: socket.socket
    here: Terminal

    def carry_keys(self) -> bool:
        """What was typed, to the guest; False when nobody will type any more.

        Ctrl-] is ours: it does what Ctrl-C does where that is not the guest's, and raises KeyboardInterrupt.
        """
        typed = os.read(self.here.keys, _CHUNK_BYTES)
        if _ESCAPE in typed:
            raise KeyboardInterrupt
        if typed:
            self.guest.sendall(typed)
        return bool(typed)

    def carry_screen(self) -> bool:
        """What the guest shows, to here; False when it is gone."""
        try:
            shown = self.guest.recv(_CHUNK_BYTES)
        except ConnectionResetError:
            return False
        left = memoryview(shown)
        while left:
            left = left[os.write(self.here.screen, left) :]
        return bool(shown)


class Deadlines:
    """How long a guest may take to come up, and for everything."""

    def __init__(
        self, console: Path, total_s: float, boot_s: float, running: Callable[[float], None]
    ) -> None:
        self._started = time.monotonic()
        self._console, self._total_s, self._boot_s = console, total_s, boot_s
        self._running: Callable[[float], None] | None = running

    def look(self) -> bool:
        """Whether CMD has been started; raises TimeoutError when the guest took too long.

        To be called between two pieces of output.
        """
        passed_s = time.monotonic() - self._started
        if self._running and _RUNNING in self._console.read_bytes():
            self._running(passed_s)
            self._running = None
        if self._running and passed_s > self._boot_s:
            raise TimeoutError(
                f"the guest did not come up within {passed_s:.0f} s: try again, or another topology"
            )
        if passed_s > self._total_s:
            raise TimeoutError(
                f"CMD was still running after {passed_s:.0f} s: raise --timeout, or look for a hang"
            )
        return self._running is None


def copy(outputs: Mapping[int, BinaryIO], look: Callable[[], bool], line: Line | None = None) -> None:
    """Copy each output to its sink until all have ended, and the terminal; call `look` now and then.

    Keys are the guest's only when `look` has said that CMD runs: until then Ctrl-C is still ours.
    """
    with selectors.DefaultSelector() as selector:
        left = dict(outputs)
        for stream in outputs:
            selector.register(stream, selectors.EVENT_READ, lambda fd=stream: _output(fd, left))
        if line is not None:
            selector.register(line.guest, selectors.EVENT_READ, line.carry_screen)
        waiting = line
        while left:
            for key, _ in selector.select(timeout=_POLL_S):
                if not key.data():
                    selector.unregister(key.fileobj)
            if look() and waiting is not None:
                waiting.here.take_over()
                selector.register(waiting.here.keys, selectors.EVENT_READ, waiting.carry_keys)
                waiting = None


def _output(stream: int, left: dict[int, BinaryIO]) -> bool:
    data = os.read(stream, _CHUNK_BYTES)
    if not data:
        del left[stream]
        return False
    left[stream].write(data)
    left[stream].flush()
    return True
