"""Programs of different character on this machine at once, and what the digests say of them: real noise."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from llamas_bpf import machine
from llamas_bpf.config import Config, SenseConfig
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.controller.windows import windows

WINDOW_S = 0.5
#: So many rivals on a CPU that whoever is sent there is harmed, also where the machine has other work.
CROWD = 40

CHARACTERS = {
    "spins": "while True:\n    sum(range(1000))",
    "bursts": """
while True:
    until = time.monotonic() + random.expovariate(4)
    while time.monotonic() < until:
        sum(range(1000))
    time.sleep(random.expovariate(4))""",
    "sleeps": "while True:\n    time.sleep(random.expovariate(20))",
    "ticks": "while True:\n    time.sleep(0.01)\n    sum(range(20000))",
    "faults": """
while True:
    memory = mmap.mmap(-1, random.randrange(1, 8) << 20)
    for offset in range(0, len(memory), 4096):
        memory[offset] = 1
    memory.close()
    time.sleep(random.expovariate(20))""",
    "phases": """
while True:
    until, busy = time.monotonic() + random.uniform(0.2, 6), random.random() < 0.5
    while time.monotonic() < until:
        sum(range(1000)) if busy else time.sleep(0.05)""",
    "grows": """
held = []
while True:
    held.append(bytearray(random.randrange(1 << 20)))
    if len(held) > 40 or random.random() < 0.03:
        held.clear()
    time.sleep(0.05)""",
    "writes": """
import tempfile
with tempfile.TemporaryFile() as file:
    while True:
        file.seek(0)
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
        time.sleep(random.expovariate(5))""",
}


#: Starts them, tells their pids, and ends them when its input closes. They are not our own children because
#: the controller, which runs in this process here, leaves those out of its data.
_PARENT = """
import mmap, os, random, signal, sys, time
running = []
try:
    for seed, code in enumerate(sys.argv[1:]):
        running.append(os.fork())
        if not running[-1]:
            os.setsid()  # or autogroup would weigh them all together as one (sched(7))
            random.seed(seed)
            exec(code)
    print(*running, flush=True)
    sys.stdin.read()
finally:
    for pid in filter(None, running):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
"""


@contextmanager
def starting_on(cpus: set[int]) -> Iterator[None]:
    """What is started within has these CPUs from its first moment."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


@contextmanager
def mix(*characters: str) -> Iterator[list[int]]:
    """One process of each, by pid, for the time of the block."""
    command = [sys.executable, "-c", _PARENT, *(CHARACTERS[name] for name in characters)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == len(characters)
        try:
            yield pids
        finally:
            parent.communicate()


def recorded(count: int) -> Iterator[Digest]:
    """So many windows of this machine, as they close."""
    config = Config(window_s=WINDOW_S, sense=SenseConfig(heat=False))
    stop = threading.Event()
    for number, digest in enumerate(windows(config, machine.read(), stop, None), start=1):
        if number == count:
            stop.set()
        yield digest


def of_pid(digest: Digest, pid: int) -> str | None:
    """The id of the workload that a process is in; None if it was not seen."""
    for workload in digest.workloads:
        if any(process.pid == pid for process in workload.processes):
            return workload.id
    return None
