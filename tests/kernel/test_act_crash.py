"""``kill -9`` at every step of a batch, and what the journal makes of it."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from acting import action, here
from dying import dies
from puppet import puppet

from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.contracts.action import Affinity

CPUS = sorted(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="kernel feature: a second CPU")


def test_killed_at_any_step_everything_comes_back(tmp_path: Path) -> None:
    with puppet() as one, puppet() as two:
        special = two.tell("thread")
        os.sched_setaffinity(special, {CPUS[-1]})
        before = (one.masks(), two.masks())
        targets = [Affinity(pid=process.pid, start_ticks=process.start_ticks) for process in (one, two)]
        batch = [action(target, str(CPUS[0]), id_=f"1.{n}") for n, target in enumerate(targets)]
        changed = 0
        for step in range(100):
            state = tmp_path / str(step)
            with closing(Journal(state)) as journal:
                actuation = Actuation(here(), journal, dry_run=False)
                killed = dies(lambda at=actuation: at.apply(batch), step)  # type: ignore[misc]
            changed += (one.masks(), two.masks()) != before
            restored = rollback(state, here())
            assert all(entry.skipped is None for entry in restored), restored
            assert (one.masks(), two.masks()) == before
            if not killed:
                break
        assert not killed
        assert step > 5
        assert changed > 2
