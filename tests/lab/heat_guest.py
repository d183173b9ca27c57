"""Workloads of known heat in the guest, and what is said of them."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from guest_workloads import MIB, MOUNT
from quick_start import Started, started

from llamas_bpf import machine, process_stat
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.digest.cgroups import Cgroups
from llamas_bpf.heat import Heat, Reader
from llamas_bpf.heat.source import Kind
from llamas_bpf.launched import launched

PROGRAM = str(Path(__file__).parent / "heat_program.py")
WINDOW_S = 1.0
#: The emulator is slow, and regions and generations need several windows to settle.
SETTLED_S, HELD = 200, 3


@dataclass(frozen=True)
class Shape:
    """Of so much memory so much is hot; in pages that are small or huge."""

    name: str
    hot_mib: int
    all_mib: int
    pages: str


SHAPES = (
    Shape("hot-64", 64, 256, "small"),
    Shape("hot-24", 24, 192, "small"),
    Shape("huge-48", 48, 192, "huge"),
)


@contextmanager
def running(*shapes: Shape) -> Iterator[list[Started]]:
    """These, side by side, each a workload of its own."""
    with ExitStack() as stack:
        processes = []
        for shape in shapes:
            words = [str(shape.hot_mib), str(shape.all_mib), shape.pages]
            command = ["exec", "--name", shape.name, "--", sys.executable, PROGRAM, *words]
            process = stack.enter_context(started(*command))
            assert process.stdout.readline() == b"up\n"
            processes.append(process)
        yield processes
        for process in processes:
            process.end()


@contextmanager
def heat_from(*kinds: Kind) -> Iterator[Reader]:
    found = Reader(machine.read(), kinds)
    try:
        yield found
    finally:
        found.close()


class Watcher:
    """Reads once a window, as the digester does."""

    def __init__(self, heat: Reader) -> None:
        self.heat = heat
        self._who = Cgroups(MOUNT)

    def workloads(self) -> list[Workload]:
        found = self._who.resolve([], launched())
        return [self._who.with_processes(workload) for workload, _ in found]

    def window(self) -> dict[str, Heat]:
        time.sleep(WINDOW_S)
        now = self.workloads()
        found = self.heat.read(now, int(WINDOW_S * 1e9))
        return {workload.name: found[workload.id] for workload in now if workload.id in found}

    def resident_bytes(self, name: str) -> int:
        (found,) = [workload for workload in self.workloads() if workload.name == name]
        stats = [process_stat.read(process.pid) for process in found.processes]
        return sum(stat.resident_bytes for stat in stats if stat)

    def until(self, right: Callable[[dict[str, Heat]], bool]) -> dict[str, Heat]:
        """The last of several right windows, one after the other: a single one may be a lucky crossing."""
        held, seen, ends = 0, [], time.monotonic() + SETTLED_S
        while held < HELD:
            now = self.window()
            seen.append(now)
            held = held + 1 if right(now) else 0
            assert time.monotonic() < ends, "not right for long enough:\n" + "\n".join(map(str, seen[-20:]))
        return seen[-1]


def near(seen: float, true_mib: float) -> bool:
    return abs(seen - true_mib * MIB) <= 0.15 * true_mib * MIB


def report(kernel: str, found: dict[str, Heat], shapes: tuple[Shape, ...]) -> None:
    """True and seen sizes: `pytest -s` shows them."""
    for shape in shapes:
        heat = found[shape.name]
        sizes = {"hot": heat.hot_bytes, "working set": heat.working_set_bytes}
        seen = [
            f"{name} {size / MIB:.1f} ({size / MIB / shape.hot_mib - 1:+.1%})"
            for name, size in sizes.items()
            if not math.isnan(size)
        ]
        truth = f"{shape.hot_mib} of {shape.all_mib} MiB hot, {shape.pages} pages"
        print(f"\n{kernel} {heat.source}: {truth}: {', '.join(seen)}")
