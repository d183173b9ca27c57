"""Programs that fault and switch a known number of times, and tell what the kernel counted for them."""

import json
import os
import subprocess
import sys
from typing import Any

PAGES = 10_007
TURNS = 5_003

# Touches PAGES fresh pages, one fault each, and reports its own account of the time it did so.
FAULTS = f"""
import json, mmap, os, resource, time
area = mmap.mmap(-1, {PAGES} * mmap.PAGESIZE)
area.madvise(mmap.MADV_NOHUGEPAGE)
before, start_ns = resource.getrusage(resource.RUSAGE_SELF), time.monotonic_ns()
for offset in range(0, len(area), mmap.PAGESIZE):
    area[offset] = 1
end_ns, after = time.monotonic_ns(), resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{"pid": os.getpid(), "start_ns": start_ns, "end_ns": end_ns,
                   "minflt": after.ru_minflt - before.ru_minflt,
                   "majflt": after.ru_majflt - before.ru_majflt}}))
"""

# Two processes on one CPU that hand a byte to and fro TURNS times: each turn both must switch.
PING_PONG = f"""
import json, os, resource, time
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
there, back = os.pipe(), os.pipe()
partner = os.fork()
if partner == 0:
    for _ in range({TURNS}):
        os.read(there[0], 1)
        os.write(back[1], b"x")
    os._exit(0)
before, start_ns = resource.getrusage(resource.RUSAGE_SELF), time.monotonic_ns()
for _ in range({TURNS}):
    os.write(there[1], b"x")
    os.read(back[0], 1)
end_ns, after = time.monotonic_ns(), resource.getrusage(resource.RUSAGE_SELF)
os.waitpid(partner, 0)
print(json.dumps({{"pid": os.getpid(), "partner": partner, "start_ns": start_ns, "end_ns": end_ns,
                   "nvcsw": after.ru_nvcsw - before.ru_nvcsw, "nivcsw": after.ru_nivcsw - before.ru_nivcsw}}))
"""

# Two processes that compute on one CPU: the kernel must take it from each in turn. What it says of them once
# they have ended is read before they are waited for.
RIVALS = """
import json, os, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
def compute():
    until_ns = time.monotonic_ns() + 500_000_000
    while time.monotonic_ns() < until_ns:
        pass
    os._exit(0)
rivals = [os.fork() or compute() for _ in range(2)]
schedstat = []
for pid in rivals:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    schedstat.append([int(word) for word in open(f"/proc/{pid}/schedstat").read().split()])
    os.waitpid(pid, 0)
print(json.dumps({"rivals": rivals, "schedstat": schedstat}))
"""

# Moves itself from CPU to CPU, once it is a process that nobody else can have moved.
MOVES = 101
MOVER = f"""
import json, os
cpus = sorted(os.sched_getaffinity(0))[:2]
os.sched_setaffinity(0, {{cpus[0]}})
mover = os.fork()
if mover == 0:
    for move in range({MOVES}):
        os.sched_setaffinity(0, {{cpus[(move + 1) % 2]}})
    os._exit(0)
os.waitpid(mover, 0)
print(json.dumps({{"pid": mover, "cpus": cpus}}))
"""


def run(program: str) -> dict[str, Any]:
    """Runs the program to its end; its report, with the whole life's rusage as the kernel keeps it."""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout as output:
        report: dict[str, Any] = json.load(output)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return report | {"life": usage}
