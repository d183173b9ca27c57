"""What is no process event is said to be none; what is one is read as the kernel writes it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.sense.process_events import FORK, Event, StreamBrokenError, decode

WORD = st.integers(0, 2**32 - 1)


def message(what: int, cpu: int, ts_ns: int, sequence: int, data: tuple[int, ...]) -> bytes:
    """struct nlmsghdr, cn_msg and proc_event, member by member (linux/netlink.h, connector.h, cn_proc.h)."""
    event = struct.pack("=IIQ", what, cpu, ts_ns) + struct.pack("=6I", *data)
    connector = struct.pack("=IIIIHH", 1, 1, sequence, 0, len(event), 0)
    return struct.pack("=IHHII", 16 + len(connector) + len(event), 3, 0, sequence, 0) + connector + event


@given(WORD, WORD, st.integers(0, 2**64 - 1), WORD, st.tuples(*[WORD] * 6))
def test_an_event_is_read_as_it_was_written(
    what: int, cpu: int, ts_ns: int, sequence: int, data: tuple[int, ...]
) -> None:
    written = message(what, cpu, ts_ns, sequence, data)
    assert decode(written) == Event(what, ts_ns, cpu, sequence, 0, data)


@given(st.binary(max_size=200))
def test_garbage_breaks_the_stream_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(StreamBrokenError):
        decode(garbage)


@given(st.integers(0, 75))
def test_a_truncated_event_breaks_the_stream(length: int) -> None:
    with pytest.raises(StreamBrokenError):
        decode(message(FORK, 0, 1, 2, (1, 1, 2, 2, 0, 0))[:length])


@given(st.integers(0, 75), st.integers(1, 255))
def test_a_damaged_event_is_an_event_or_breaks_the_stream(at: int, flip: int) -> None:
    damaged = bytearray(message(FORK, 0, 1, 2, (1, 1, 2, 2, 0, 0)))
    damaged[at] ^= flip
    try:
        event = decode(bytes(damaged))
    except StreamBrokenError:
        return
    assert event.sequence == struct.unpack_from("=I", damaged, 24)[0]
