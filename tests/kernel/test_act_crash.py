"""``kill -9`` at every step of a batch, and what the journal makes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from acting import here
from puppet import puppet

from llamas_bpf.act import rollback

CPUS = sorted(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")

#: Applies one action to each process of its command line, and kills itself at the given system call.
CRASHING = """
import os, sys
from pathlib import Path
from acting import action, here
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Affinity

state, cpu, step, *targets = sys.argv[1:]
left = int(step)

def counting(call):
    def counted(*args):
        global left
        if left == 0:
            os.kill(os.getpid(), 9)
        left -= 1
        return call(*args)
    return counted

actuation = Actuation(here(), Journal(Path(state)), dry_run=False)
for name in ("write", "fdatasync", "sched_setaffinity", "ftruncate"):
    setattr(os, name, counting(getattr(os, name)))
pairs = [target.split(":") for target in targets]
actuation.apply([
    action(Affinity(pid=int(pid), start_ticks=int(start)), cpu, id_=f"1.{n}")
    for n, (pid, start) in enumerate(pairs)
])
print(left)
"""


def crash(state: Path, step: int, targets: list[str]) -> int:
    """Gives the exit status: -9 until there is no such step."""
    return subprocess.run(
        [sys.executable, "-c", CRASHING, state, str(CPUS[0]), str(step), *targets],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        stdout=subprocess.DEVNULL,
    ).returncode


def test_killed_at_any_step_everything_comes_back(tmp_path: Path) -> None:
    with puppet() as one, puppet() as two:
        special = two.tell("thread")
        os.sched_setaffinity(special, {CPUS[-1]})
        before = (one.masks(), two.masks())
        targets = [f"{process.pid}:{process.start_ticks}" for process in (one, two)]
        changed = 0
        for step in range(100):
            state = tmp_path / str(step)
            status = crash(state, step, targets)
            changed += (one.masks(), two.masks()) != before
            restored = rollback(state, here())
            assert all(entry.skipped is None for entry in restored), restored
            assert (one.masks(), two.masks()) == before
            if status == 0:
                break
        assert status == 0
        assert step > 5
        assert changed > 2
