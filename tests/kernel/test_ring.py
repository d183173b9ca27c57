"""A drain takes what is in the ring, in order, and no more than there is room for."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from llamas_bpf.bench.filled_ring import FilledRing
from llamas_bpf.native.probe import Maps, Probe, ProbeError
from llamas_bpf.sense.gather import Gather

RING_BYTES = 1 << 16


@pytest.fixture
def filled() -> Iterator[FilledRing]:
    ring = FilledRing(RING_BYTES)
    with ring.probe:
        yield ring


def test_a_drain_is_bounded_and_in_order(filled: FilledRing) -> None:
    assert filled.fill(100) == 100
    few, many = np.zeros(7, filled.dtype), np.zeros(1000, filled.dtype)
    assert filled.probe.drain(few) == 7
    assert few["ts_ns"].tolist() == list(range(7))
    assert filled.probe.drain(many) == 93
    assert many["ts_ns"][:93].tolist() == list(range(7, 100))
    assert many["address"][92] == 99 << 12
    assert filled.probe.drain(many) == 0


def test_what_was_taken_makes_room_again_and_again(filled: FilledRing) -> None:
    room = filled.room
    into = np.zeros(2 * room, filled.dtype)
    for _ in range(10):  # past the ring's end, so that records lie across it
        made = filled.fill(2 * room)
        assert room - 1 <= made <= room
        assert filled.probe.drain(into) == made
        assert into["ts_ns"][:made].tolist() == list(range(made))
        assert filled.fill(room // 3) == room // 3
        assert filled.probe.drain(into) == room // 3


def test_a_record_of_another_size_is_refused_and_not_met_again(filled: FilledRing) -> None:
    filled.fill(2)
    with pytest.raises(ProbeError, match="Protocol error"):
        filled.probe.drain(np.zeros(9, "u8,u8"))
    right = np.zeros(9, filled.dtype)
    assert filled.probe.drain(right) == 1
    assert right["ts_ns"][0] == 1


def test_what_is_no_ring_is_refused(filled: FilledRing) -> None:
    with Path(os.devnull).open() as file, pytest.raises(ProbeError, match="ring failed"):
        Probe.adopt(Maps(ring=file.fileno()), filled)


def test_records_that_are_held_are_never_written_over(filled: FilledRing) -> None:
    gather = Gather(filled.dtype, first=64)
    held = []
    for number in (50, 60, 40, 50):
        filled.fill(number)
        gather.drain(filled.probe)
        held.append(gather.take()[5:]["ts_ns"])
    assert [times.tolist() for times in held] == [list(range(5, n)) for n in (50, 60, 40, 50)]


def test_memory_that_nobody_holds_is_used_again(filled: FilledRing) -> None:
    gather = Gather(filled.dtype, first=64)
    places = set()
    for _ in range(10):
        filled.fill(50)
        gather.drain(filled.probe)
        places.add(gather.take().ctypes.data)
    assert len(places) == 2
