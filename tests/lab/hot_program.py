"""A workload whose memory is all hot, and that has no page faults: python3 hot_program.py MIB

Says "up" when all has been touched; ends with its standard input.
"""

import ctypes
import mmap
import select
import sys

import numpy as np

PAGE = 4096

hot = mmap.mmap(-1, int(sys.argv[1]) << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
hot.madvise(mmap.MADV_NOHUGEPAGE)
pages = np.frombuffer(hot, dtype=np.uint8)[::PAGE]
pages += 1
other = np.frombuffer(mmap.mmap(-1, 64 * PAGE), dtype=np.uint8)
other[::PAGE] = 1
protect = ctypes.CDLL(None).mprotect
print("up", flush=True)
while not select.select([sys.stdin], [], [], 0.01)[0]:
    pages += 1
    # The kernel sees an access only when it brings a page into the TLB, and an emulated one holds them all.
    # To take a right away from more than 33 pages empties it (Documentation/arch/x86/tlb.rst).
    for rights in (mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_WRITE):
        protect(ctypes.c_void_p(other.ctypes.data), ctypes.c_size_t(other.nbytes), rights)
