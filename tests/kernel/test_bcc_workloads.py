"""Whose an event is, and how long a process lives: through BCC as through libbpf."""

import json
import os
import sys

import pytest
from with_tracefs import run

from llamas_bpf.contracts.events import LifecycleType

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")

BY_CGROUP = """
import json, os, resource, subprocess, sys, time
from pathlib import Path
import numpy as np
from llamas_bpf.sense.backends import backend
from llamas_bpf.sense.probes import Target
from llamas_bpf.sense.sensor import Sensor

mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
home = Path(next(mount[1] for mount in mounts if mount[2] == "cgroup2"))
if "LAB_KERNEL" in os.environ:  # elsewhere the cgroups are not ours to make
    home /= "bcc"
    home.mkdir(exist_ok=True)
else:
    own = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    home /= own[4:]

def join():
    if "LAB_KERNEL" in os.environ:
        (home / "cgroup.procs").write_text(str(os.getpid()))

sleeps = "import time\\nfor _ in range(997): time.sleep(0.0001)"
target = Target(os.getpid(), by_cgroup=True, node_of_cpu=np.zeros(1, np.uint16))
with Sensor(target, opener=backend("bcc")) as bcc, Sensor(target, opener=backend("libbpf")) as libbpf:
    sensors = {"bcc": bcc, "libbpf": libbpf}
    for sensor in sensors.values():
        sensor.collect(time.monotonic_ns())
    subprocess.run([sys.executable, "-c", sleeps], check=True, preexec_fn=join)
    told = {name: sensor.collect(time.monotonic_ns()) for name, sensor in sensors.items()}
counts = {}
for name, batch in told.items():
    keys, values = batch.counts["sched"]
    mine = values[keys == home.stat().st_ino]
    recorded = np.unique(batch.sched["workload"][batch.sched["cgroup_id"] == home.stat().st_ino]).tolist()
    counts[name] = {"switches": int(mine["voluntary"].sum()), "workloads": recorded, "id": home.stat().st_ino}
least = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw
print(json.dumps({"least": least, "counts": counts}))
"""


def test_workloads_can_be_cgroups() -> None:
    done = run(sys.executable, "-c", BY_CGROUP)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    counts = found["counts"]
    assert found["least"] > 900  # an emulated sleep may be over before it began
    for told in counts.values():
        assert told["switches"] >= 0.995 * found["least"]
        assert told["workloads"] == [told["id"]]
    assert counts["bcc"]["switches"] == pytest.approx(counts["libbpf"]["switches"], rel=0.05)


# Its main thread ends before another one, which then becomes another program.
THREADED = """
import ctypes, os, threading, time
def later():
    time.sleep(0.2)
    os.execv("/bin/sleep", ["sleep", "0.1"])
threading.Thread(target=later).start()
ctypes.CDLL(None).syscall(60, 0)  # exit(2) on x86-64: of this thread alone
"""
LIVES = """
import json, subprocess, sys, time
import numpy as np
from llamas_bpf.sense.backends import backend
from llamas_bpf.sense.sensor import Sensor

with Sensor(opener=backend("bcc")) as bcc, Sensor(opener=backend("libbpf")) as libbpf:
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
    child.wait()
    told = {"bcc": bcc.collect(time.monotonic_ns()), "libbpf": libbpf.collect(time.monotonic_ns())}
lives = {}
for name, batch in told.items():
    events = np.sort(batch.lifecycle[batch.lifecycle["tgid"] == child.pid], order="ts_ns", kind="stable")
    ends = (events["ts_ns"] - events["ts_ns"][0]) / 1e9
    lives[name] = [events["type"].tolist(), float(ends[-1])]
print(json.dumps(lives))
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="kernel feature: exit(2) is 60")
def test_a_process_ends_with_its_last_thread() -> None:
    done = run(sys.executable, "-c", LIVES, THREADED)
    assert done.returncode == 0, done.stderr
    lives = json.loads(done.stdout)
    born, program, end = LifecycleType.FORK, LifecycleType.EXEC, LifecycleType.EXIT
    for types, seconds in lives.values():
        assert types == [born, program, program, end]
        assert seconds > 0.3
