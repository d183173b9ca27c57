"""Messages on a pipe: four bytes of length, then JSON."""

import struct

#: Of one message, either way.
MOST_BYTES = 4 << 20

_LENGTH = struct.Struct("!I")
HEAD = _LENGTH.size


class FrameError(Exception):
    """The other side does not keep to the rules."""


def framed(body: bytes) -> bytes:
    """As it goes on the pipe. Raises FrameError for one that is too long."""
    if len(body) > MOST_BYTES:
        raise FrameError(f"a message of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Bytes in, whole messages out; never holds more than one message that is not whole."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> None:
        """What has come in."""
        self._kept += data

    def next(self, most: int = MOST_BYTES) -> bytes | None:
        """The next whole message. Raises FrameError as soon as one longer than ``most`` is announced."""
        if len(self._kept) < HEAD:
            return None
        (length,) = _LENGTH.unpack_from(self._kept)
        if length > most:
            raise FrameError(f"a message of {length} bytes, of at most {most}")
        if len(self._kept) < HEAD + length:
            return None
        body = bytes(self._kept[HEAD : HEAD + length])
        del self._kept[: HEAD + length]
        return body
