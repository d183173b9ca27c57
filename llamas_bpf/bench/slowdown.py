"""What watching costs those who are watched: loads on one CPU, watched by nobody, by us, by other tracers.

Told is the CPU time that the load itself took, so that other programs on that CPU are not in it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import numpy as np

from llamas_bpf.bench import watchers
from llamas_bpf.bench.load import Load
from llamas_bpf.bench.spread import Comparison, rotated

NOTHING, OURS = "nothing attached", "ours, everything on"
DEFAULT, NAIVE = "a record per event", "a record and a wake-up per event"
WAYS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    NOTHING: watchers.nobody,
    OURS: watchers.ours,
    DEFAULT: partial(watchers.each_event, "default"),
    NAIVE: partial(watchers.each_event, "naive"),
}

#: Long enough to hold several of the runs that the sampling takes.
PAGES, TURNS = 8192, 1000


#: Unheeded at first, while the sampling finds its rate: that takes it a drain or two, 0.1 s apart.
WARM_S = 0.25


def measure(rounds: int, seconds: float, step: Callable[[str], None]) -> tuple[Comparison, Comparison]:
    """Of the ping-pong, µs a turn, and of page touches, ns a page; ``seconds`` is how long each is timed."""
    turns: dict[str, list[float]] = {way: [] for way in WAYS}
    pages: dict[str, list[float]] = {way: [] for way in WAYS}
    cpu = max(os.sched_getaffinity(0))
    with _off(cpu), Load(cpu) as load:
        for way in rotated(tuple(WAYS), rounds):
            with WAYS[way]():
                step(f"ping-pong: {way}")
                load.ping_pong(TURNS, WARM_S)
                turns[way].append(_undisturbed(load.ping_pong(TURNS, seconds)) / TURNS / 1e3)
                step(f"page touches: {way}")
                load.touch(PAGES, WARM_S)
                pages[way].append(_undisturbed(load.touch(PAGES, seconds)) / PAGES)
    rivals = tuple((way, NOTHING) for way in WAYS if way != NOTHING)
    return (
        Comparison("Ping-pong of two processes on one CPU", "µs/turn", turns, rivals),
        Comparison("Touching fresh pages", "ns/page", pages, rivals),
    )


def _undisturbed(times: list[int]) -> float:
    """The first quartile: others' work on this machine slows down some of the times through its caches."""
    return float(np.percentile(times, 25))


@contextmanager
def _off(cpu: int) -> Iterator[None]:
    """Whoever watches runs elsewhere; where there is no other CPU, on the same one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before - {cpu} or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
