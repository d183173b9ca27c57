"""A service with a hot set: wakes many times a second, touches it at random, and measures itself.

    python -m llamas_bpf.scenarios.hot --mib 96 --rate 50 --out latency.jsonl

What is true of it: its memory is touched over and over, it needs little CPU, and it needs it at once.
"""

import json
import mmap
import random
import time
from pathlib import Path

import click

PAGE = 4096


@click.command()
@click.option("--mib", default=96, show_default=True, help="size of the hot set")
@click.option("--rate", default=50.0, show_default=True, help="requests a second")
@click.option("--touches", default=200, show_default=True, help="pages touched by a request")
@click.option("--out", type=click.Path(path_type=Path), help="one line a second: requests and their latency")
def main(mib: int, rate: float, touches: int, out: Path | None) -> None:
    """Serve requests until ended."""
    hot = mmap.mmap(-1, mib << 20)
    hot.madvise(mmap.MADV_NOHUGEPAGE)  # so that pages, not huge pages, are placed and counted
    for offset in range(0, len(hot), PAGE):
        hot[offset] = 1
    pages = len(hot) // PAGE
    due = time.monotonic()
    while True:
        latencies = []
        for _ in range(max(int(rate), 1)):
            due += 1 / rate
            time.sleep(max(due - time.monotonic(), 0))
            for page in random.choices(range(pages), k=touches):  # noqa: S311
                hot[page * PAGE] = 2
            # From when it was due: waiting for a CPU is part of the latency a client sees.
            latencies.append(time.monotonic() - due)
        if out:
            report(out, sorted(latencies))
        due = max(due, time.monotonic() - 1.0)


def report(out: Path, latencies: list[float]) -> None:
    """Append one second's figures, in ms."""
    line = {
        "at_s": round(time.monotonic(), 3),
        "requests": len(latencies),
        "p50_ms": round(latencies[len(latencies) // 2] * 1e3, 3),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1e3, 3),
    }
    with out.open("a", encoding="ascii") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
