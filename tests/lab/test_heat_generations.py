"""MGLRU is aged for workloads that were started with ``exec`` only; where it is off, it stays off."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from guest_workloads import MIB
from heat_guest import Shape, Watcher, heat_from, running
from heat_settings import MGLRU, mglru_on, setting

from llamas_bpf.contracts.workload import Workload
from llamas_bpf.heat import lru_gen, mglru
from llamas_bpf.heat.lru_gen import Lruvec

pytestmark = [pytest.mark.needs("mglru"), pytest.mark.slow]

WARM = Shape("warm", 16, 48, "small")


@pytest.fixture(scope="module")
def watcher() -> Iterator[Watcher]:
    with mglru_on(), running(WARM), heat_from(mglru.KIND) as heat:
        yield Watcher(heat)


def generations(workload: Workload) -> list[Lruvec]:
    assert workload.cgroup is not None
    return list(lru_gen.parse(Path("/sys/kernel/debug/lru_gen").read_text(), frozenset({workload.cgroup})))


def youngest(workload: Workload) -> list[int]:
    return [lruvec.generations[-1].number for lruvec in generations(workload)]


def test_it_is_left_off_and_named() -> None:
    with setting(MGLRU, "n"):
        off = MGLRU.read_bytes()
        with heat_from(mglru.KIND) as heat:
            assert heat.source == ""
            assert f"echo y > {MGLRU}" in heat.degradations[0]
        assert MGLRU.read_bytes() == off


def test_of_others_only_what_the_kernel_found_is_read(watcher: Watcher) -> None:
    (started,) = watcher.workloads()
    other = replace(started, started_by_exec=False)
    source = mglru.Mglru()
    before = youngest(other)
    assert before
    source.refresh([other])
    assert youngest(other) == before
    source.refresh([started])
    assert youngest(other) == before  # looked at a moment ago, so not yet again
    assert mglru.Mglru().refresh([started]) == {}  # one look tells nothing yet
    assert youngest(other) == [number + 1 for number in before]


def test_what_was_not_looked_at_for_long_is_not_known(watcher: Watcher) -> None:
    (started,) = watcher.workloads()
    now = generations(started)
    assert mglru.heat_of(now) is not None
    old = [
        replace(
            one, generations=tuple(replace(each, age_ms=61_000 + each.age_ms) for each in one.generations)
        )
        for one in now
    ]
    assert mglru.heat_of(old) is None


def test_a_workload_that_ends_does_no_harm(watcher: Watcher) -> None:
    other = Shape("other", 16, 48, "small")
    with running(other):
        watcher.until(lambda found: found.keys() == {"warm", "other"})
        both = watcher.workloads()
    assert watcher.heat.read(both, 10**9).keys() <= {workload.id for workload in both}
    found = watcher.until(lambda found: found.keys() == {"warm"})
    assert 0.85 * 16 * MIB <= found["warm"].working_set_bytes < 32 * MIB
