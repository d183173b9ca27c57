"""Records one workload through libbpf and through BCC at the same time, and prints what each told, as JSON.

A program of its own: BCC needs tracefs, which a caller mounts in a mount namespace of this process.
"""

import json
import mmap
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from llamas_bpf.config import BackendName
from llamas_bpf.contracts.events import EventBatch, LifecycleType
from llamas_bpf.sense.backends import backend
from llamas_bpf.sense.sensor import Sensor

PAGES, TURNS, OWN_PAGES = 10_007, 5_003, 4_001

# Between two lines on its input: so many fresh pages, and so many turns with a partner on the same CPU.
WORKLOAD = f"""
import mmap, os, sys
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
there, back = os.pipe(), os.pipe()
partner = os.fork()
if partner == 0:
    for _ in range({TURNS}):
        os.read(there[0], 1)
        os.write(back[1], b"x")
    os._exit(0)
area = mmap.mmap(-1, {PAGES} * mmap.PAGESIZE)
area.madvise(mmap.MADV_NOHUGEPAGE)
print(flush=True)
sys.stdin.readline()
for offset in range(0, len(area), mmap.PAGESIZE):
    area[offset] = 1
for _ in range({TURNS}):
    os.write(there[1], b"x")
    os.read(back[0], 1)
print(flush=True)
sys.stdin.readline()
os.waitpid(partner, 0)
"""


def main(period: int, ring_bytes: int) -> None:
    sensors: dict[BackendName, Sensor] = {}
    with ExitStack() as stack:
        opened_s = {}
        names: tuple[BackendName, ...] = ("bcc", "libbpf")
        for name in names:  # the slower first: while it opens, nothing is drained
            began = time.monotonic()
            sizes = dict.fromkeys(("faults", "sched", "lifecycle"), ring_bytes)
            sensor = Sensor(ring_bytes=sizes, period=period, opener=backend(name))
            sensors[name] = stack.enter_context(sensor)
            opened_s[name] = round(time.monotonic() - began, 2)
        truth, batches, life = record(sensors)
        for sensor in sensors.values():
            sensor.stop()
        rest = {name: sensor.collect(time.monotonic_ns()) for name, sensor in sensors.items()}
        told = {
            name: summary(sensor, batches[name], truth["pid"], life[name] + [rest[name]])
            | {"open_s": opened_s[name]}
            for name, sensor in sensors.items()
        }
    print(json.dumps({"truth": truth, "told": told}))


def record(
    sensors: Mapping[BackendName, Sensor],
) -> tuple[dict[str, Any], dict[BackendName, EventBatch], dict[BackendName, list[EventBatch]]]:
    """What the kernel counted for the workload, and the window in which it ran; then all windows."""
    child = subprocess.Popen(
        [sys.executable, "-c", WORKLOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    began = account(child.pid)
    before = {name: sensor.collect(time.monotonic_ns()) for name, sensor in sensors.items()}
    child.stdin.write("\n")
    child.stdin.flush()
    own = mmap.mmap(-1, OWN_PAGES * mmap.PAGESIZE)
    for offset in range(0, len(own), mmap.PAGESIZE):
        own[offset] = 1
    child.stdout.readline()
    ended = account(child.pid)
    during = {name: sensor.collect(time.monotonic_ns()) for name, sensor in sensors.items()}
    child.communicate("\n")
    assert child.returncode == 0
    after = {name: sensor.collect(time.monotonic_ns()) for name, sensor in sensors.items()}
    windows = {name: [before[name], during[name], after[name]] for name in sensors}
    truth: dict[str, Any] = {name: ended[name] - began[name] for name in ended}
    return truth | {"pid": child.pid, "own": os.getpid()}, during, windows


def account(pid: int) -> dict[str, int]:
    """What the kernel counts for it, once it waits to be told more, and so counts nothing."""
    found: dict[str, int] = {}
    while True:
        earlier = found
        time.sleep(0.02)
        state, *words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        switches = [int(line.split()[1]) for line in lines if "ctxt_switches" in line]
        found = {
            "minor_faults": int(words[6]),
            "major_faults": int(words[8]),
            "voluntary": switches[0],
            "preempted": switches[1],
        }
        if state == "S" and found == earlier:
            return found


def summary(sensor: Sensor, during: EventBatch, pid: int, windows: list[EventBatch]) -> dict[str, Any]:
    keys, values = during.counts["sched"]
    mine = values[keys >> np.uint64(32) == pid]
    records = {
        "sched": [window.sched for window in windows],
        "faults": [window.faults for window in windows],
        "lifecycle": [window.lifecycle for window in windows],
    }
    born = np.concatenate(records["lifecycle"])
    return {
        "workloads": len(mine),
        "counts": {name: int(mine[name].sum()) for name in mine.dtype.names if name != "waits"},
        "waits": int(mine["waits"].sum()),
        "weights": {
            name: int(found["weight"][found["tgid"] == pid].astype(np.uint64).sum())
            for name, found in (("sched", during.sched), ("faults", during.faults))
        },
        "seen_tgids": sorted(
            {
                *(int(key) >> 32 for window in windows for key in window.counts["sched"].keys),
                *(
                    int(tgid)
                    for found in records.values()
                    for tgid in np.unique(np.concatenate(found)["tgid"])
                ),
            }
        ),
        "lifecycle": [LifecycleType(kind).name for kind in born["type"][born["tgid"] == pid]],
        "comms": sorted({comm.decode() for comm in born["comm"][born["tgid"] == pid]}),
        "delivered": {name: sum(map(len, found)) for name, found in records.items()},
        "totals": {name: total._asdict() for name, total in sensor.totals().items()},
        "degradations": sensor.degradations,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
