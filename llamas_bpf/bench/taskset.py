"""What a shell script would do instead of the writes alone: ``taskset -a -p`` for each process."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence

from llamas_bpf.contracts.workload import ProcessId
from llamas_bpf.errors import MissingError


def measure(processes: Sequence[ProcessId], rounds: int, step: Callable[[str], None]) -> list[float]:
    """ms to give all of them the last CPU, each time; in the end they have their own CPUs again."""
    if shutil.which("taskset") is None:
        raise MissingError("taskset is not here to compare with: apt-get install util-linux")
    own = {process.pid: os.sched_getaffinity(process.pid) for process in processes}
    cpu = max(os.sched_getaffinity(0))
    script = "; ".join(f"taskset -a -p -c {cpu} {pid}" for pid in own)
    found = []
    for number in range(rounds):
        step(f"taskset for {len(own)} processes: round {number + 1}")
        start = time.perf_counter()
        try:
            subprocess.run(["sh", "-e", "-c", script], check=True, stdout=subprocess.DEVNULL)
            found.append((time.perf_counter() - start) * 1e3)
        finally:
            for pid, cpus in own.items():
                os.sched_setaffinity(pid, cpus)
    return found
