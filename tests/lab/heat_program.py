"""A workload with a known hot part: it touches that again and again, and the rest once, at its start.

    python3 heat_program.py HOT_MIB ALL_MIB small|huge

Says "up" when all has been touched. Each number on its standard input is so many MiB more that are hot too;
it ends with that.
"""

import ctypes
import mmap
import sys
import threading
import time
from typing import Any

import numpy as np

MIB = 1 << 20
PAGE = 4096
PR_SET_THP_DISABLE = 41

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def main() -> None:
    hot_mib, all_mib, pages = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    if pages == "small":  # the interpreter's own memory too
        ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)
    whole = mapped(all_mib, pages)
    # In the middle, so that cold memory is on both sides of it, and made of whole huge pages.
    first = (all_mib - hot_mib) // 2 * MIB
    first += -(whole.ctypes.data + first) % (2 * MIB)
    hot = [whole[first : first + hot_mib * MIB : PAGE]]
    ended = threading.Event()
    threading.Thread(target=listen, args=(hot, pages, ended), daemon=True).start()
    print("up", flush=True)
    while not ended.is_set():
        for part in list(hot):
            np.add(part, 1, out=part)
        empty_tlb()
        time.sleep(0.01)


def mapped(mib: int, pages: str) -> Bytes:
    memory = mmap.mmap(-1, mib * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE if pages == "small" else mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(memory, dtype=np.uint8)
    whole[::PAGE] = 1
    return whole


def listen(hot: list[Bytes], pages: str, ended: threading.Event) -> None:
    for line in sys.stdin:
        hot.append(mapped(int(line), pages)[::PAGE])
    ended.set()


def empty_tlb() -> None:
    """The kernel sees an access only when it brings a page into the TLB (arch/x86/mm/pgtable.c,
    ptep_clear_flush_young()). An emulated one holds all that is hot here, and nobody else may need this
    processor. More than 33 pages at once are given back by flushing all (Documentation/arch/x86/tlb.rst)."""
    memory = mmap.mmap(-1, 64 * PAGE)
    memory.write(bytes(64 * PAGE))
    memory.close()


main()
