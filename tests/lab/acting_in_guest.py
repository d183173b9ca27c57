"""Fixtures, for a test module that names this in ``pytest_plugins``: what acts, and workloads to act on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from guest_workloads import holding
from heat_settings import NR_KDAMONDS, damon_free

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.workload import Launched


@pytest.fixture
def actuation(tmp_path: Path) -> Iterator[Actuation]:
    found = Actuation(machine.read(), Journal(tmp_path / "state"), dry_run=False)
    yield found
    found.restore_all("the test is over")


@pytest.fixture(scope="module")
def held() -> Iterator[Launched]:
    with holding(8) as workload:
        yield workload


@pytest.fixture
def damon_alone() -> Iterator[None]:
    """Nobody's before a test, nobody's after it."""
    with damon_free():
        assert NR_KDAMONDS.read_text() == "0\n"
        yield
        assert NR_KDAMONDS.read_text() == "0\n"
