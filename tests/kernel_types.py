"""The running kernel's own types, read from its BTF (Documentation/bpf/btf.rst)."""

import struct
from pathlib import Path

_BTF = Path("/sys/kernel/btf/vmlinux")
_STRUCT = 4
# What follows struct btf_type, by kind: a fixed size, or so many bytes for each of vlen.
_FIXED = {1: 4, 3: 12, 14: 4, 17: 4}
_EACH = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}


def members(name: str) -> tuple[int, dict[str, int]]:
    """A structure's size, and the byte at which each member stands."""
    btf = _BTF.read_bytes()
    header_bytes, types_at, types_bytes, strings_at, strings_bytes = struct.unpack_from("<IIIII", btf, 4)
    strings = btf[header_bytes + strings_at :][:strings_bytes]
    types = btf[header_bytes + types_at :][:types_bytes]
    wanted = strings.index(b"\0" + name.encode() + b"\0") + 1
    at = 0
    while at < len(types):
        name_at, info, size = struct.unpack_from("<III", types, at)
        kind, count = info >> 24 & 0x1F, info & 0xFFFF
        at += 12
        follows = _FIXED.get(kind, _EACH.get(kind, 0) * count)
        if kind == _STRUCT and name_at == wanted:
            found = struct.iter_unpack("<III", types[at : at + follows])
            return size, {strings[text:].split(b"\0", 1)[0].decode(): bits // 8 for text, _, bits in found}
        at += follows
    raise AssertionError(f"this kernel has no struct {name}")
