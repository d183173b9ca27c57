"""The kernel's process events (linux/cn_proc.h) over pyroute2's socket: forks, execs and exits of threads.

pyroute2 opens the socket and writes our request. Its own reader queues without bound, takes 37 µs an event
and does not recover from an overflow; so events are received and decoded here.
"""

import errno
import os
import select
import socket
import struct
import time
from pathlib import Path
from typing import NamedTuple

from llamas_bpf.sense.errors import HookRefusedError

FORK, EXEC, EXIT = 0x1, 0x2, 0x80000000
_NONE = 0x0  # the answer to a listener's request, which all listeners hear

# struct nlmsghdr; struct cn_msg; and struct proc_event: what, cpu, timestamp_ns, and its union.
_MESSAGE = struct.Struct("=IHHII IIIIHH IIQ IIIIII")
_NLMSG_DONE = 3
_CN_IDX_PROC, _CN_VAL_PROC, _LISTEN = 1, 1, 1
_NETLINK_ADD_MEMBERSHIP, _SOL_NETLINK = 1, 270
_SO_RCVBUFFORCE = 33
_DATAGRAM_BYTES = 2 * _MESSAGE.size
_MOST_AT_ONCE = 256
_ANSWER_S, _ATTEMPTS = 1.0, 2
_NOT_BUILT = "boot a kernel built with CONFIG_PROC_EVENTS, as distributions' are"
# PROC_USER_INIT_INO and PROC_PID_INIT_INO in include/linux/proc_ns.h.
_INITIAL = {"user": 0xEFFFFFFD, "pid": 0xEFFFFFFC}


class StreamBrokenError(Exception):
    """Events were lost, or one cannot be read: a fresh socket tells what happens from then on."""


class Event(NamedTuple):
    """``what`` is FORK, EXEC, EXIT, or of no interest here; ``data`` is the union's words.

    ``sequence`` counts the events of a CPU, so that a missing one shows.
    """

    what: int
    ts_ns: int
    cpu: int
    sequence: int
    ack: int
    data: tuple[int, ...]


def decode(datagram: bytes) -> Event:
    """Raises ``StreamBrokenError`` where it is not an event."""
    if len(datagram) < _MESSAGE.size:
        raise StreamBrokenError(f"{len(datagram)} bytes are no process event")
    words = _MESSAGE.unpack_from(datagram)
    if words[0] > len(datagram) or words[1] != _NLMSG_DONE or words[5:7] != (_CN_IDX_PROC, _CN_VAL_PROC):
        raise StreamBrokenError("another message than a process event")
    return Event(words[11], words[13], words[12], words[7], words[8], words[14:])


class ProcessEvents:
    """Listens from when it is made until ``close``; for use by one thread, as pyroute2's sockets are.

    A listener may go deaf. The kernel counts its listeners, and an event that reaches none of them sets the
    count to 0 (cn_proc.c: send_msg): when the only one's queue is full, or in a race with one that comes. On
    older kernels anybody's PROC_CN_MCAST_IGNORE takes one off. Hence ``ping``. And hence no IGNORE from us:
    after an overflow it would make the count negative, and the next program that listens deaf.
    """

    def __init__(self, receive_bytes: int) -> None:
        """Raises ``HookRefusedError``."""
        for name, initial in _INITIAL.items():
            if Path(f"/proc/self/ns/{name}").stat().st_ino != initial:
                raise refused(f"they are told only in the initial {name} namespace: run on the host")
        from pyroute2.netlink.connector.cn_proc import ProcEventSocket

        self._sequence: dict[int, int] = {}
        try:
            for _ in range(_ATTEMPTS):
                self._socket = ProcEventSocket()
                if self._listen(receive_bytes):
                    return
                self._socket.close()
        except OSError as error:
            if hasattr(self, "_socket"):
                self._socket.close()
            raise refused(_advice(error)) from error
        raise refused(_NOT_BUILT)

    def wait(self, other: int, timeout_s: float) -> bool:
        """Until there are events, or the descriptor ``other`` can be read: whether that was in time."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        poll.register(other, select.POLLIN)
        return bool(poll.poll(timeout_s * 1e3))

    def receive(self) -> list[Event]:
        """What has come, up to some hundred. Raises ``StreamBrokenError``."""
        events: list[Event] = []
        try:
            while len(events) < _MOST_AT_ONCE:
                event = decode(self._socket.recv(_DATAGRAM_BYTES))
                before = self._sequence.get(event.cpu, event.sequence - 1)
                if event.sequence != (before + 1) & 0xFFFFFFFF:
                    raise StreamBrokenError(f"{event.sequence} after {before} on CPU {event.cpu}")
                self._sequence[event.cpu] = event.sequence
                events.append(event)
        except BlockingIOError:
            pass
        except OSError as error:  # ENOBUFS: netlink(7)
            raise StreamBrokenError(str(error)) from error
        return events

    def ping(self) -> None:
        """Makes an event: this thread takes the name that it has."""
        name = Path("/proc/thread-self/comm")
        name.write_bytes(name.read_bytes())

    def close(self) -> None:
        """Stops listening."""
        self._socket.close()

    def _listen(self, receive_bytes: int) -> bool:
        """Whether the kernel answers: what it does not like it drops without a word. Raises OSError."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_bytes)
        except PermissionError:  # since Linux 6.6 anybody may listen
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_ADD_MEMBERSHIP, _CN_IDX_PROC)
        ask = time.monotonic_ns() & 0x7FFFFFFF
        self._socket.sendto(_request(ask), (0, 0))
        answered_by = time.monotonic() + _ANSWER_S
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        while (left_s := answered_by - time.monotonic()) > 0 and poll.poll(left_s * 1e3):
            event = _decoded(self._socket.recv(_DATAGRAM_BYTES))
            if event and event.what == _NONE and event.ack == ask + 1:
                if event.data[0]:
                    raise OSError(event.data[0], os.strerror(event.data[0]))
                return True
        return False


def refused(advice: str) -> HookRefusedError:
    """What cannot be had, and what to do about it."""
    return HookRefusedError(f"the kernel's process events are not available: {advice}", "process events")


def _decoded(datagram: bytes) -> Event | None:
    try:
        return decode(datagram)
    except StreamBrokenError:
        return None


def _request(ask: int) -> bytes:
    from pyroute2.netlink.connector.cn_proc import proc_event_control

    message = proc_event_control()
    message["header"]["type"] = _NLMSG_DONE
    message["idx"], message["val"], message["action"] = _CN_IDX_PROC, _CN_VAL_PROC, _LISTEN
    message["ack"], message["len"] = ask, 4
    message.encode()
    return bytes(message.data)


def _advice(error: OSError) -> str:
    return {
        errno.EPERM: "listening needs root, or CAP_NET_ADMIN: run it with sudo",
        errno.ECONNREFUSED: "they are told only in the initial network namespace: run on the host",
        errno.EPROTONOSUPPORT: _NOT_BUILT,
    }.get(error.errno or 0, f"the kernel says: {error}")
