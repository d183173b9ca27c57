"""Reads ``bpf/events.h``: numpy's record layouts and the constants come from that one text."""

import re
from pathlib import Path

import numpy as np

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DIRECTIVE = re.compile(r"^\s*#.*$", re.MULTILINE)
_BLOCK = re.compile(r"(struct|enum)\s+(\w+)\s*\{([^}]*)\}\s*;")
_MEMBER = re.compile(r"(?:__([us])(8|16|32|64)|char)\s+(\w+)(?:\[(\d+)\])?")
_CONSTANT = re.compile(r"(\w+)\s*=\s*(\d+)")


class LayoutError(ValueError):
    """The header holds something other than fixed-width members and numbered constants."""


def read_structs(header: str) -> dict[str, np.dtype]:
    """Each struct's dtype, with C's alignment. Raises ``LayoutError``."""
    return {
        name: np.dtype([_member(line) for line in _split(body, ";")], align=True)
        for name, body in _blocks(header, "struct")
    }


def read_enums(header: str) -> dict[str, dict[str, int]]:
    """Each enum's constants. Raises ``LayoutError``."""
    return {
        name: dict(_constant(line) for line in _split(body, ",")) for name, body in _blocks(header, "enum")
    }


def read_header(path: Path) -> dict[str, np.dtype]:
    """The record layouts written in the header at ``path``."""
    return read_structs(path.read_text())


def _blocks(header: str, kind: str) -> list[tuple[str, str]]:
    plain = _DIRECTIVE.sub("", _COMMENT.sub("", header))
    strange = _BLOCK.sub("", plain).strip()
    if strange:
        raise LayoutError(f"cannot read this part of the event layouts: {strange[:80]!r}")
    return [(name, body) for found, name, body in _BLOCK.findall(plain) if found == kind]


def _split(body: str, separator: str) -> list[str]:
    return [part.strip() for part in body.split(separator) if part.strip()]


def _member(line: str) -> tuple[str, str] | tuple[str, str, tuple[int]]:
    found = _MEMBER.fullmatch(line)
    if not found:
        raise LayoutError(f"a member must be a fixed-width integer such as `__u64 ts_ns`, not {line!r}")
    sign, bits, name, length = found.groups()
    if bits is None:
        return name, f"S{length or 1}"
    kind = f"{'u' if sign == 'u' else 'i'}{int(bits) // 8}"
    return (name, kind, (int(length),)) if length else (name, kind)


def _constant(line: str) -> tuple[str, int]:
    found = _CONSTANT.fullmatch(line)
    if not found:
        raise LayoutError(f"a constant must have its number, such as `FAULT_USER = 1`, not {line!r}")
    return found[1], int(found[2])
