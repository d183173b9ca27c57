"""What comes up the pipe: whole however it is cut, and believed in nothing."""

import itertools
import os
import random
import struct
from contextlib import ExitStack
from pathlib import Path

import pytest
from broken_messages import broken, frame
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from llamas_bpf.advise.confined.frames import MOST_BYTES, FrameError, Frames, framed
from llamas_bpf.advise.confined.messages import UP, Figures, Ready, Start
from llamas_bpf.advise.confined.process import Confined
from llamas_bpf.advise.confined.start import Ends
from llamas_bpf.config import LlmConfig

START = Start(base_url=None, model=None, config=LlmConfig(), templates={})
GOOD = Figures(context_tokens=5, flushes=0, recalled_entries=0)


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_messages_come_whole_however_they_are_cut(bodies: list[bytes], size: int) -> None:
    stream, frames, found = b"".join(map(framed, bodies)), Frames(), []
    for start in range(0, len(stream), size):
        frames.feed(stream[start : start + size])
        while (body := frames.next()) is not None:
            found.append(body)
    assert found == bodies


def test_what_is_too_long_is_refused_by_its_length_alone() -> None:
    frames = Frames()
    frames.feed(struct.pack("!I", MOST_BYTES + 1))
    with pytest.raises(FrameError):
        frames.next()
    with pytest.raises(FrameError):
        framed(bytes(MOST_BYTES + 1))


def test_thousands_of_broken_messages_are_all_told_from_good_ones() -> None:
    chance = random.Random(1)
    for number in range(5000):
        confined = Confined(START, "none", Path("/nowhere"), "", 1)
        with ExitStack() as held:
            read, up = os.pipe()
            held.callback(os.close, read)
            held.callback(os.close, up)
            os.set_blocking(read, False)
            confined._pipe = Ends(read, -1, held)
            os.write(up, frame(GOOD.model_dump_json().encode()))
            assert confined._read() == [GOOD]
            data = broken(chance)
            assert os.write(up, data) == len(data)
            with pytest.raises((FrameError, ValidationError)):
                confined._read()
                raise AssertionError(f"number {number} passed")


def test_single_bytes_without_end_are_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    confined = Confined(START, "none", Path("/nowhere"), "", 1)
    endless = (frame(GOOD.model_dump_json().encode().ljust(60_000)) for _ in itertools.count())
    single = (bytes([byte]) for message in endless for byte in message)
    read = 0

    def receive() -> bytes:
        nonlocal read
        read += 1
        return next(single)

    with ExitStack() as held:
        confined._pipe = Ends(-1, -1, held)
        monkeypatch.setattr(confined, "_receive", receive)
        found = [message for _ in range(60) for message in confined._read()]
    assert found == [GOOD]  # what is not whole is kept
    assert read == 60 * 1024


def test_of_notes_only_the_last_are_kept_and_short() -> None:
    told = [f"{number} {'x' * 10_000}" for number in range(1000)]
    for message in (Ready(notes=told), GOOD.model_copy(update={"notes": told})):
        kept = UP.validate_json(message.model_dump_json())
        assert isinstance(kept, Ready | Figures)
        assert [note[:3] for note in kept.notes] == [str(number) for number in range(992, 1000)]
        assert max(map(len, kept.notes)) <= 300
