"""Where pages go that memory has no room for: swap devices, zram among them, and zswap in front."""

import re
from pathlib import Path

from llamas_bpf.contracts.machine import Swap, Zswap

PROC = Path("/proc")
BLOCK = Path("/sys/block")
ZSWAP = Path("/sys/module/zswap/parameters")


def read(proc: Path = PROC, block: Path = BLOCK) -> tuple[Swap, ...]:
    """Those in use, in the kernel's order (proc_swaps(5)); none on a kernel without swap."""
    try:
        text = (proc / "swaps").read_text(encoding="utf-8", errors="backslashreplace")
    except OSError:
        return ()
    return tuple(_swap(line, block) for line in text.split("\n")[1:] if line)


def zswap(parameters: Path = ZSWAP) -> Zswap | None:
    """None on a kernel without it (admin-guide/mm/zswap.rst)."""
    try:
        on, compressor, percent = (
            (parameters / name).read_text(encoding="ascii").strip()
            for name in ("enabled", "compressor", "max_pool_percent")
        )
        return Zswap(enabled=on == "Y", compressor=compressor, max_pool_ratio=int(percent) / 100)
    except (OSError, ValueError):
        return None


def _swap(line: str, block: Path) -> Swap:
    # The kernel writes white space in a name as \040, so that there are five words.
    escaped, kind, size, _, priority = re.split("[ \t]+", line)
    name = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), escaped)
    zram = re.fullmatch(r"/dev/(zram[0-9]+)", name)
    return Swap(
        name=name,
        kind="zram" if zram else "file" if kind == "file" else "partition",
        size_bytes=int(size) << 10,
        priority=int(priority),
        detail=_compressor(block / zram[1]) if zram else "",
    )


def _compressor(device: Path) -> str:
    """``lzo [zstd] lz4``: the one in use stands in brackets (admin-guide/blockdev/zram.rst)."""
    try:
        found = re.search(r"\[(\S+)\]", (device / "comp_algorithm").read_text(encoding="ascii"))
    except OSError:
        return ""
    return found[1] if found else ""
