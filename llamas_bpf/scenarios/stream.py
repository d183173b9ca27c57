"""A batch job that streams: writes fresh memory from one end to the other, and never comes back to it.

    python -m llamas_bpf.scenarios.stream --mib 700

What is true of it: every page is touched once, in order; it fills whatever memory it is given, and uses all
the CPU time it gets.
"""

import mmap
from collections import deque

import click

PAGE = 4096
CHUNK = 16 << 20


@click.command()
@click.option("--mib", default=700, show_default=True, help="how much of the stream is kept")
def main(mib: int) -> None:
    """Stream until ended."""
    kept: deque[mmap.mmap] = deque()
    while True:
        chunk = mmap.mmap(-1, CHUNK)
        chunk.madvise(mmap.MADV_NOHUGEPAGE)  # one fault a page, so that the truth can be counted
        kept.append(chunk)
        for offset in range(0, CHUNK, PAGE):
            chunk[offset] = 1
        if len(kept) * CHUNK > mib << 20:
            kept.popleft().close()


if __name__ == "__main__":
    main()
