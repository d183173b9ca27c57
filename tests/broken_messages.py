"""Messages as no honest model's process sends them up its pipe."""

import json
import random
import struct
from collections.abc import Callable


def frame(body: bytes) -> bytes:
    """With its length before it."""
    return struct.pack("!I", len(body)) + body


def broken(chance: random.Random) -> bytes:
    """One of very many, broken in one of several ways."""
    good = {"kind": "figures", "context_tokens": 1, "flushes": 0, "recalled_entries": 0}
    text = json.dumps(good)
    position = chance.randrange(len(text))
    bodies: list[Callable[[], bytes]] = [
        lambda: struct.pack("!I", chance.randrange(1 << 17, 1 << 32)),
        lambda: frame(chance.randbytes(chance.randrange(1, 200))),
        lambda: frame(text[:position].encode()),
        lambda: frame(
            (text[:position] + chance.choice('"{}[]:,\\\0\u2028x') + text[position + 1 :] + "x").encode()
        ),
        lambda: frame(
            json.dumps(good | {"flushes": chance.choice([-1, 10**400, 1.5, None, [], "x" * 9])}).encode()
        ),
        lambda: frame(json.dumps(good | {"more": 1}).encode()),
        lambda: frame(
            json.dumps(good | {"kind": chance.choice(["start", "observation", "", None])}).encode()
        ),
        lambda: frame(b"[" * chance.randrange(100, 60_000)),
        lambda: frame(json.dumps({"kind": "ready", "notes": [1]}).encode()),
        lambda: frame(b'{"kind": "figures", "context_tokens": NaN, "flushes": 1e999, "recalled_entries": 0}'),
        lambda: frame(b""),
    ]
    return chance.choice(bodies)()
