"""Bad luck of the real kernel's making. One target that fails never stops the others."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from puppet import puppet

from llamas_bpf.machine import cpulist

CPUS = sorted(os.sched_getaffinity(0))
NOBODY = 65534
pytestmark = [
    pytest.mark.skipif(
        os.geteuid() != 0, reason="kernel feature: only root may mount, and become another user"
    ),
    pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU"),
]

#: The state directory is a disk of 1 MiB that only we see.
ON_A_SMALL_DISK = [
    *("unshare", "--mount", "--propagation", "private", "sh", "-c"),
    'mount -t tmpfs -o size=1m,mode=0700 none "$1" && shift && exec "$@"',
    "sh",
]

#: Begins with one action in force; then there is no room for a second, nor for a word about the first.
FILLED = """
import json, os, sys
from pathlib import Path
from acting import action, here
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Affinity

state, cpu, *targets = sys.argv[1:]
pairs = [target.split(":") for target in targets]
first, second = (Affinity(pid=int(pid), start_ticks=int(start)) for pid, start in pairs)
masks = lambda: [sorted(os.sched_getaffinity(one.pid)) for one in (first, second)]
actuation = Actuation(here(), Journal(Path(state)), dry_run=False)
said = [[one.status for one in actuation.apply([action(first, cpu, "1.1")])], masks()]
filler = os.open(state + "/filler", os.O_WRONLY | os.O_CREAT)
try:
    while True:
        os.write(filler, bytes(4096))
except OSError as error:
    said.append(error.strerror)
done = []
while not done or done[0].status == "applied":  # until the last block of the journal is full as well
    actuation.undo("2", "again")
    done = actuation.apply([action(second, cpu, "2.1")])
said += [[(one.status, one.detail) for one in done], masks()]
said += [[one.value for one in actuation.restore_all("end")], masks()]
os.unlink(state + "/filler")
said += [[one.status for one in actuation.apply([action(second, cpu, "3.1")])], masks()]
actuation.restore_all("end")
print(json.dumps([*said, masks()]))
"""


def outcome(code: str, *words: str, within: Sequence[str] = ()) -> Any:
    """What the program prints."""
    done = subprocess.run(
        [*within, sys.executable, "-c", code, *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_full_disk_under_the_journal(tmp_path: Path) -> None:
    with puppet() as one, puppet() as two:
        targets = [f"{process.pid}:{process.start_ticks}" for process in (one, two)]
        words = [str(tmp_path), str(CPUS[0]), *targets]
        said = outcome(FILLED, *words, within=[*ON_A_SMALL_DISK, str(tmp_path)])
    began, at_first, why, refused, meanwhile, back, at_last, again, later, end = said
    assert (began, at_first) == (["applied"], [[CPUS[0]], CPUS])
    assert why == "No space left on device"
    assert refused[0][0] == "failed"
    assert "No space left on device; nothing was changed" in refused[0][1]
    assert meanwhile == at_first
    assert (back, at_last) == ([cpulist.render(CPUS)], [CPUS, CPUS])
    assert (again, later, end) == (["applied"], [CPUS, [CPUS[0]]], [CPUS, CPUS])


#: As a user who may not touch the first; the journal was opened before.
FORBIDDEN = """
import json, os, subprocess, sys
from pathlib import Path
from acting import action, here
from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Affinity

state, cpu, other, nobody = sys.argv[1:]
own = subprocess.Popen(["sleep", "600"], user=int(nobody))
pids = (int(other), own.pid)
targets = [Affinity(pid=pid, start_ticks=process_stat.read(pid).start_ticks) for pid in pids]
masks = lambda: [sorted(os.sched_getaffinity(one.pid)) for one in targets]
actuation = Actuation(here(), Journal(Path(state)), dry_run=False)
os.setresuid(*[int(nobody)] * 3)
done = actuation.apply([action(one, cpu, f"{n}.1") for n, one in enumerate(targets)])
said = [[(one.status, one.detail) for one in done], masks()]
said += [[one.skipped for one in actuation.restore_all("end")], masks()]
own.kill()
print(json.dumps(said))
"""


def test_a_process_that_may_not_be_touched(tmp_path: Path) -> None:
    with puppet() as one:
        words = [str(tmp_path), str(CPUS[0]), str(one.pid), str(NOBODY)]
        done, masks, back, after = outcome(FORBIDDEN, *words)
    assert [status for status, _ in done] == ["failed", "applied"]
    assert "Operation not permitted (run as root" in done[0][1]
    assert masks == [CPUS, [CPUS[0]]]
    assert (back, after) == ([None], [CPUS, CPUS])
