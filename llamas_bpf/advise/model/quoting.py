"""Texts of the system, where anybody chooses them, as harmless data."""

import json
from functools import lru_cache


@lru_cache(4096)
def quoted(text: str, most: int = 40) -> str:
    """As a short JSON string in ASCII: no control characters, nothing that could close a tag or fence.

    Kept for a while, since the same names come window after window.
    """
    kept = "".join(character for character in text if character.isprintable())
    return escaped(kept if len(kept) <= most else kept[: most - 1] + "…")


def escaped(text: str) -> str:
    """The whole text as a JSON string in ASCII: it reads back as the same."""
    written = json.dumps(text)
    for character in "<>&`{}":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written
