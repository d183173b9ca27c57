"""The kernel's replies about a process's delays (include/uapi/linux/taskstats.h), by length and version.

The structure only grows at its end, but for version 15: 658eb5ab916d ("delayacct: add delay max to record
delay peak") and f65c64f311ee (… min) put two members behind each delay, and b016d0873777 gave that a number
of its own only later, so there are such replies that say 14. Version 16 moved them to the end. pyroute2's own
decoder takes every version but 15 for the oldest.
"""

import struct
from collections.abc import Mapping
from functools import cache

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_GENERIC_BYTES = 4  # struct genlmsghdr
_ATTRIBUTE = struct.Struct("=HH")
_NLMSG_ERROR = 2
_TYPE_STATS, _TYPE_AGGR_TGID = 3, 5
_NESTED = 0x8000  # NLA_F_NESTED

# Where the totals stand: cpu_, swapin_, freepages_, thrashing_ and compact_delay_total.
_APPENDED = {
    "delay.cpu_ns": 24,
    "delay.swapin_ns": 56,
    "delay.reclaim_ns": 320,
    "delay.thrashing_ns": 336,
    "delay.compaction_ns": 360,
}
_INSERTED = {
    "delay.cpu_ns": 24,
    "delay.swapin_ns": 88,
    "delay.reclaim_ns": 368,
    "delay.thrashing_ns": 400,
    "delay.compaction_ns": 440,
}
#: Bytes of the whole structure, by version; 16 and later have those of 16 and more.
_BYTES = {8: 328, 9: 344, 10: 352, 11: 368, 12: 400, 13: 416, 14: 432, 16: 560}
_INSERTED_BYTES = {14: 560, 15: 560}


class ReplyError(Exception):
    """The kernel refused (``number`` is its errno), or this is no reply that can be read (0)."""

    def __init__(self, sentence: str, number: int = 0) -> None:
        super().__init__(sentence)
        self.number = number


def delays(reply: bytes) -> dict[str, int]:
    """A process's waits so far, in ns; those that the reply's version has. Raises ``ReplyError``."""
    stats = _statistics(reply)
    if len(stats) < 2:
        raise ReplyError("a reply without statistics")
    (version,) = struct.unpack_from("=H", stats)
    return {name: struct.unpack_from("=Q", stats, at)[0] for name, at in layout(version, len(stats)).items()}


@cache
def layout(version: int, size: int) -> Mapping[str, int]:
    """Where each of our figures stands in a struct taskstats of ``size`` bytes. Raises ``ReplyError``."""
    if _INSERTED_BYTES.get(version) == size:
        return _INSERTED
    known = _BYTES.get(min(version, 16))
    if known is None or size < known or (size > known and version < 16):
        raise ReplyError(f"delays in a layout that is not known (version {version}, {size} bytes)")
    return {name: at for name, at in _APPENDED.items() if at + 8 <= size}


def _statistics(reply: bytes) -> bytes:
    """The struct taskstats in a reply."""
    if len(reply) < _HEADER.size:
        raise ReplyError("a reply without a header")
    size, kind, *_ = _HEADER.unpack_from(reply)
    if size > len(reply):
        raise ReplyError("a truncated reply")
    body = reply[_HEADER.size : size]
    if kind == _NLMSG_ERROR:
        number = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
        raise ReplyError(f"the kernel refuses (error {number})", number)
    return _attribute(_attribute(body[_GENERIC_BYTES:], _TYPE_AGGR_TGID), _TYPE_STATS)


def _attribute(attributes: bytes, wanted: int) -> bytes:
    at = 0
    while at + _ATTRIBUTE.size <= len(attributes):
        size, kind = _ATTRIBUTE.unpack_from(attributes, at)
        if size < _ATTRIBUTE.size or at + size > len(attributes):
            break
        if kind & ~_NESTED == wanted:
            return attributes[at + _ATTRIBUTE.size : at + size]
        at += size + 3 & ~3
    raise ReplyError(f"a reply without attribute {wanted}")
