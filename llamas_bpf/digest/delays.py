"""What processes wait for, as the kernel accounts it (Documentation/accounting/delay-accounting.rst).

Asked of taskstats over generic netlink, for a whole process at once: its threads that live and those that
have ended (kernel/taskstats.c: fill_stats_for_tgid). pyroute2 finds the family and writes the request, once;
to ask and decode through its event loop takes 780 µs a process, and here 9 µs.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from llamas_bpf.digest import taskstats
from llamas_bpf.digest.taskstats import ReplyError

_SWITCH = Path("/proc/sys/kernel/task_delayacct")
_GET, _VERSION = 1, 1  # TASKSTATS_CMD_GET, TASKSTATS_GENL_VERSION
_NETLINK_GENERIC, _NLM_F_REQUEST = 16, 1
_MOST_BYTES = 8192
_WORD = struct.Struct("=I")
_SEQUENCE_AT, _TGID_AT = 8, 24

_NOT_BUILT = "boot a kernel built with CONFIG_TASKSTATS and CONFIG_TASK_DELAY_ACCT, as distributions' are"
_OFF = (
    "the kernel does not account them: run `sysctl kernel.task_delayacct=1`, which counts for programs "
    "started afterwards, or boot with `delayacct`"
)
_FORBIDDEN = "they need root, or CAP_NET_ADMIN, outside of user namespaces: run it with sudo"


class Replies:
    """What taskstats says of a process, as the kernel sends it."""

    def __init__(self) -> None:
        """Raises ``ReplyError``."""
        self._request = _request(_family())
        self._wire = _connected()
        self._sequence = 0

    def about(self, pid: int) -> bytes:
        """The reply, which may be a refusal. Raises ``ReplyError`` where there is none."""
        self._sequence = self._sequence + 1 & 0xFFFFFFFF
        _WORD.pack_into(self._request, _SEQUENCE_AT, self._sequence)
        _WORD.pack_into(self._request, _TGID_AT, pid)
        asked = self._request[_SEQUENCE_AT : _SEQUENCE_AT + 4]
        try:
            self._wire.send(self._request)
            while (reply := self._wire.recv(_MOST_BYTES))[_SEQUENCE_AT : _SEQUENCE_AT + 4] != asked:
                pass
        except OSError as error:
            raise ReplyError(str(error), error.errno or 0) from error
        return reply

    def close(self) -> None:
        """It can no longer be asked."""
        self._wire.close()


class Delays:
    """``missing`` is empty, or a sentence that says why there are none and what to do.

    Of a process that is older than the accounting, the kernel knows ``delay.cpu_ns``; the others stay 0.
    """

    def __init__(self, replies: Replies | None, missing: str = "") -> None:
        self.missing, self._replies = missing, replies

    @classmethod
    def open(cls) -> Self:
        """Raises nothing."""
        try:
            return cls(_usable())
        except ReplyError as error:
            return cls(None, f"delays: not available: {error}")

    def read(self, pids: Iterable[int]) -> dict[str, float]:
        """Waits so far, in ns, summed over these processes; those that have ended are not among them."""
        sums: dict[str, float] = {}
        if self._replies is None:
            return sums
        for pid in pids:
            try:
                found = taskstats.delays(self._replies.about(pid))
            except ReplyError:
                continue
            for name, waited_ns in found.items():
                sums[name] = sums.get(name, 0.0) + waited_ns
        return sums

    def close(self) -> None:
        """There are none from now on."""
        if self._replies:
            self._replies.close()
        self._replies = None


def _usable() -> Replies:
    """Raises ``ReplyError`` with what to do."""
    switch = _SWITCH.read_text().strip() if _SWITCH.exists() else None
    if switch is None:
        raise ReplyError(_NOT_BUILT)
    replies = Replies()
    try:
        taskstats.delays(replies.about(os.getpid()))
    except ReplyError as error:
        replies.close()
        if error.number == errno.EPERM:
            raise ReplyError(_FORBIDDEN) from error
        raise
    if switch != "1":
        replies.close()
        raise ReplyError(_OFF)
    return replies


def _connected() -> socket.socket:
    """Raises ``ReplyError``."""
    try:
        wire = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_GENERIC)
    except OSError as error:
        raise ReplyError(str(error), error.errno or 0) from error
    # The reply is there once the request has been sent: the kernel answers in that call.
    wire.setblocking(False)
    return wire


def _family() -> int:
    """The number that this kernel gave to taskstats. Raises ``ReplyError``."""
    from pyroute2.netlink import CTRL_CMD_GETFAMILY, GENL_ID_CTRL, ctrlmsg
    from pyroute2.netlink.exceptions import NetlinkError
    from pyroute2.netlink.generic import GenericNetlinkSocket

    question = ctrlmsg()
    question["cmd"], question["version"] = CTRL_CMD_GETFAMILY, 1
    question["attrs"].append(["CTRL_ATTR_FAMILY_NAME", "TASKSTATS"])
    # Not its bind(): that writes to the log where the family is missing.
    try:
        with GenericNetlinkSocket() as wire:
            wire.register_policy(GENL_ID_CTRL, ctrlmsg)
            (answer,) = wire.nlm_request(question, msg_type=GENL_ID_CTRL, msg_flags=_NLM_F_REQUEST)
    except (NetlinkError, OSError) as error:
        raise ReplyError(f"the kernel does not find taskstats: {error}") from error
    return int(answer.get_attr("CTRL_ATTR_FAMILY_ID"))


def _request(family: int) -> bytearray:
    from pyroute2.netlink.taskstats import tcmd

    message = tcmd()
    message["header"]["type"], message["header"]["flags"] = family, _NLM_F_REQUEST
    message["cmd"], message["version"] = _GET, _VERSION
    message["attrs"].append(["TASKSTATS_CMD_ATTR_TGID", 0])
    message.encode()
    return bytearray(message.data)
