"""Fixtures, for a test module that names this in ``pytest_plugins``: a process, and what acts on it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import here
from puppet import Puppet, puppet

from llamas_bpf.act import Actuation, Journal


@pytest.fixture
def process() -> Iterator[Puppet]:
    with puppet() as found:
        os.sched_setscheduler(found.pid, os.SCHED_OTHER, os.sched_param(0))  # whatever these tests run at
        os.setpriority(os.PRIO_PROCESS, found.pid, 0)
        yield found


@pytest.fixture
def actuation(tmp_path: Path) -> Actuation:
    return Actuation(here(), Journal(tmp_path / "state"), dry_run=False)
