"""Ends what a client does at a given time: time-outs of HTTP are per read, and a server may drip for ever."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx2

_OPENED = ("connect_tcp.complete", "start_tls.complete")


class Cutter:
    """Knows a client's connections: ``watch`` is its hook for requests."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._over = False  # what opens now, as after a slow look-up of its name, is too late

    def watch(self, request: httpx2.Request) -> None:
        """Learn of the connections that this request opens."""
        request.extensions["trace"] = self._trace

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """After these, every connection is shut, and whoever reads from one finds its end."""
        self._over = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(_OPENED):
            still_open = [each for each in self._sockets if each.fileno() >= 0]
            self._sockets = [*still_open, info["return_value"].get_extra_info("socket")]
            if self._over:  # only now that the timer could find it: one of both does
                self._shut()

    def _cut(self) -> None:
        self._over = True
        self._shut()

    def _shut(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
