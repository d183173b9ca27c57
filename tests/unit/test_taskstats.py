"""Delays are read where the kernel of each version writes them, or the reply is said to be unreadable."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.taskstats import TStatsBase

from llamas_bpf.digest.taskstats import ReplyError, delays, layout

MEMBERS = {
    "delay.cpu_ns": "cpu_delay_total",
    "delay.swapin_ns": "swapin_delay_total",
    "delay.reclaim_ns": "freepages_delay_total",
    "delay.thrashing_ns": "thrashing_delay_total",
    "delay.compaction_ns": "compact_delay_total",
}
BYTES = {8: 328, 9: 344, 10: 352, 11: 368, 12: 400, 13: 416, 14: 432, 15: 560, 16: 560, 17: 688}


def attribute(kind: int, content: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(content), kind) + content + b"\0" * (-len(content) % 4)


def reply(stats: bytes, pid: int = 7) -> bytes:
    """As kernel/taskstats.c: mk_reply writes it."""
    body = attribute(5, attribute(2, struct.pack("=I", pid)) + attribute(3, stats))
    return struct.pack("=IHHIIBBH", 20 + len(body), 30, 0, 1, 0, 2, 1, 0) + body


def statistics(version: int, size: int, values: dict[int, int]) -> bytes:
    stats = bytearray(size)
    struct.pack_into("=H", stats, 0, version)
    for at, value in values.items():
        struct.pack_into("=Q", stats, at, value)
    return bytes(stats)


@pytest.mark.parametrize("size", [560])
def test_the_layout_of_version_15_is_the_one_that_pyroute2_has(size: int) -> None:
    fields = TStatsBase.tstats_v15.fields
    names = [name for name, _ in fields]
    assert struct.calcsize("@" + "".join(form for _, form in fields)) == size
    for name, at in layout(15, size).items():
        before = "".join(form for _, form in fields[: names.index(MEMBERS[name])])
        assert struct.calcsize("@" + before + "0Q") == at


@pytest.mark.parametrize(("version", "size"), BYTES.items())
def test_a_version_gives_what_it_has(version: int, size: int) -> None:
    places = layout(version, size)
    assert set(places) == {
        name for name, since in zip(MEMBERS, (1, 1, 8, 9, 11), strict=True) if version >= since
    }
    values = {at: number for number, at in enumerate(places.values(), start=1 << 40)}
    assert delays(reply(statistics(version, size, values))) == {
        name: values[at] for name, at in places.items()
    }


def test_what_later_versions_append_is_passed_over() -> None:
    assert layout(99, 4096) == layout(16, 560)


def test_replies_of_the_kernels_that_changed_version_14_are_read_as_15() -> None:
    assert layout(14, 560) == layout(15, 560) != layout(14, 432)


@given(st.integers(0, 65535), st.integers(0, 1000))
def test_a_layout_is_known_and_inside_or_refused(version: int, size: int) -> None:
    try:
        places = layout(version, size)
    except ReplyError:
        assert BYTES.get(version) != size
        return
    assert places
    assert all(at + 8 <= size for at in places.values())


@given(st.binary(max_size=800))
def test_garbage_is_no_reply(garbage: bytes) -> None:
    with pytest.raises(ReplyError):
        delays(garbage)


@given(st.sampled_from(sorted(BYTES)), st.data())
def test_a_truncated_reply_is_no_reply(version: int, data: st.DataObject) -> None:
    whole = reply(statistics(version, BYTES[version], {}))
    with pytest.raises(ReplyError):
        delays(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.sampled_from(sorted(BYTES)), st.integers(0, 43), st.integers(1, 255))
def test_a_damaged_reply_is_read_or_refused(version: int, at: int, flip: int) -> None:
    damaged = bytearray(reply(statistics(version, BYTES[version], {24: 5})))
    damaged[at] ^= flip
    try:
        found = delays(bytes(damaged))
    except ReplyError:
        return
    assert found["delay.cpu_ns"] == 5


@given(st.integers(1, 133))
def test_a_refusal_tells_its_errno(number: int) -> None:
    with pytest.raises(ReplyError) as refused:
        delays(struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -number) + bytes(16))
    assert refused.value.number == number
